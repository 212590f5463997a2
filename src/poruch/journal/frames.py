"""Many byte strings in one body: u32 length, bytes, and so on."""

from collections.abc import Iterable

from poruch.errors import BadSegment

LIMIT_BYTES = 64 * 1024 * 1024


def join(parts: Iterable[bytes]) -> bytes:
    """The frames of `parts`, in order."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def split(body: bytes) -> list[bytes]:
    """The parts in `body`. Raises `BadSegment`."""
    if len(body) > LIMIT_BYTES:
        raise BadSegment("too long")
    parts, half = split_cut(body)
    if half is not None:
        raise BadSegment("cut off")
    return parts


def split_cut(body: bytes) -> tuple[list[bytes], bytes | None]:
    """The whole parts in `body`, and what there is of the one in which it was cut; None if it ends with a part."""
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        length = int.from_bytes(body[at : at + 4], "big")
        part = body[at + 4 : at + 4 + length]
        if at + 4 > len(body) or len(part) != length:
            return parts, part if at + 4 <= len(body) else b""
        parts.append(part)
        at += 4 + length
    return parts, None
