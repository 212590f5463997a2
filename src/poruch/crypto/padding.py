"""Padding, so that a size says little: length, bytes, zeros, up to a step of Padme.

Padme (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", 2019) rounds a
length so that only about log log of its bits remain, and adds at most 12 %.
"""

from poruch.errors import BadPayload

_LENGTH_SIZE = 4
LEAST = 256  # bytes; shorter texts all look alike


def padme(length: int) -> int:
    """The smallest step that holds `length` bytes. Steps are their own step."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    # As many low bits become zero as keep only the exponent's own length of leading bits.
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def pad(data: bytes, least: int = LEAST) -> bytes:
    """u32 length, data, zeros: `padme(max(least, 4 + length))` bytes. Raises ValueError above 4 GiB."""
    if len(data) >> 8 * _LENGTH_SIZE:
        raise ValueError("too long to pad")
    size = padme(max(least, _LENGTH_SIZE + len(data)))
    return (len(data).to_bytes(_LENGTH_SIZE, "big") + data).ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """The data. Raises BadPayload unless the size is a step, the length fits and every byte of the filling is zero."""
    size = len(padded)
    length = int.from_bytes(padded[:_LENGTH_SIZE], "big")
    end = _LENGTH_SIZE + length
    if size < _LENGTH_SIZE or end > size or padme(size) != size:
        raise BadPayload("the length of the padding")
    if padded.count(0, end) != size - end:
        raise BadPayload("the filling is not zero")
    return padded[_LENGTH_SIZE:end]
