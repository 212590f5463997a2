"""Base64 and decimal numbers with exactly one accepted spelling (docs/spec/log.md).

Everything in the log is compared as bytes, so a value that could be written in two ways would be two values.
Both readers raise ValueError; the caller says which thing was malformed.
"""

import base64
import re

LARGEST_SIZE = (1 << 63) - 1
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def encode64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def decode64(text: str, length: int | None = None) -> bytes:
    """Canonical standard base64 with padding to bytes, of `length` where given; ValueError otherwise."""
    data = base64.b64decode(text.encode("ascii"), validate=True)
    # Unused bits before the padding may be set and still decode; only the spelling with zero bits is accepted.
    if encode64(data) != text:
        raise ValueError("base64 is not canonical")
    if length is not None and len(data) != length:
        raise ValueError(f"{len(data)} bytes instead of {length}")
    return data


def decode_decimal(text: str) -> int:
    """A decimal below 2^63 without sign or leading zeros; ValueError otherwise."""
    # The length is bounded before int(): its time is quadratic, and Python refuses very long digits on its own.
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError("not a decimal number")
    number = int(text)
    if number > LARGEST_SIZE:
        raise ValueError("number too large")
    return number
