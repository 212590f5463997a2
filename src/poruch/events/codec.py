"""One value, one spelling: msgpack of frozen structs.

msgspec accepts duplicate keys and loose spellings, so every foreign byte is decoded, encoded again and compared
before it counts (docs/decisions/0005).
"""

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from poruch.errors import BadEvent

T = TypeVar("T")

LIMIT_BYTES = 16 * 1024 * 1024

_encoder = msgspec.msgpack.Encoder()
_decoders: dict[object, Callable[[bytes], object]] = {}


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of everything that is stored or sent: frozen, with no room for unknown fields."""


class _Tagged(msgspec.Struct):
    """Anything with a tag, whatever else is in it."""

    type: str


_TAG = re.compile(r"[a-z][a-z0-9.-]{0,60}\.v[1-9][0-9]{0,3}")


def tag_of(raw: bytes) -> str:
    """The tag of a struct that may be unknown here; empty for what has none of the form of ours."""
    try:
        tag = msgspec.msgpack.decode(raw, type=_Tagged).type
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ""
    return tag if _TAG.fullmatch(tag) else ""


def encode(value: Schema) -> bytes:
    """The bytes of `value`; the only spelling that `decode` accepts."""
    return _encoder.encode(value)


def decode(raw: bytes, kind: type[T]) -> T:
    """The value spelled by `raw`, of the struct `kind`. Raises `BadEvent`."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = decoder_of(kind)
    return decoder(raw)  # type: ignore[return-value]


def decoder_of(kind: type[T], strange: Callable[[bytes], BadEvent] | None = None) -> Callable[[bytes], T]:
    """What decodes values of the struct or union `kind`, with its own parts at hand: a journal has millions of them.

    `strange` makes the error for what is not of this form.
    """
    decode, encode = msgspec.msgpack.Decoder(kind).decode, _encoder.encode

    def decoded(raw: bytes) -> T:
        if len(raw) > LIMIT_BYTES:
            raise BadEvent("too long")
        try:
            value = decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise (BadEvent("not of this form") if strange is None else strange(raw)) from None
        if encode(value) != raw:
            raise BadEvent("another spelling")
        return value

    return decoded
