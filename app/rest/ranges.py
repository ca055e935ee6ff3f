"""Byte ranges (RFC 9110 section 14): one range a request; several are answered whole, as the RFC allows."""

import re
from dataclasses import dataclass

from app.domain.errors import RangeNotSatisfiable

_RANGE = re.compile(r"bytes\s*=\s*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from `start` up to, not including, `stop`."""

    start: int
    stop: int


def parse_range(header: str | None) -> re.Match[str] | None:
    """Recognise a single byte range; None for none, several, another unit or nonsense, which all mean the whole."""
    if header is None:
        return None
    match = _RANGE.match(header)
    if match and match[2] and int(match[2]) < int(match[1]):
        return None
    return match


def resolve(match: re.Match[str], size: int) -> ByteRange:
    """Place a range within `size` bytes. Raises RangeNotSatisfiable when nothing of it lies inside."""
    if match[3] is not None:
        start, stop = max(0, size - int(match[3])), size
    else:
        start = int(match[1])
        stop = min(size, int(match[2]) + 1) if match[2] else size
    if start >= size or start >= stop:
        raise RangeNotSatisfiable(f"The content has {size} bytes.", size)
    return ByteRange(start, stop)
