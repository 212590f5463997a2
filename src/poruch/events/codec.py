"""One value, one spelling: msgpack of frozen structs.

msgspec accepts duplicate keys and loose spellings, so every foreign byte is decoded, encoded again and compared
before it counts (docs/decisions/0005).
"""

from typing import TypeVar

import msgspec

from poruch.errors import BadEvent

T = TypeVar("T")

LIMIT_BYTES = 16 * 1024 * 1024

_encoder = msgspec.msgpack.Encoder()
_decoders: dict[object, msgspec.msgpack.Decoder[object]] = {}


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of everything that is stored or sent: frozen, with no room for unknown fields."""


def encode(value: Schema) -> bytes:
    """The bytes of `value`; the only spelling that `decode` accepts."""
    return _encoder.encode(value)


def decode(raw: bytes, kind: type[T]) -> T:
    """The value spelled by `raw`, of the struct or union `kind`. Raises `BadEvent`."""
    if len(raw) > LIMIT_BYTES:
        raise BadEvent("too long")
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.msgpack.Decoder(kind)
    try:
        value = decoder.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadEvent("not of this form") from None
    if _encoder.encode(value) != raw:
        raise BadEvent("another spelling")
    return value  # type: ignore[return-value]
