"""Sets of UIDs or sequence numbers on the wire: `1:3,5` (RFC 9051 section 9, sequence-set)."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar

from app.imap.wire.errors import MalformedResponse
from app.imap.wire.limits import MAX_SET_RANGES

_RANGE = re.compile(r"([1-9][0-9]{0,9})(?::([1-9][0-9]{0,9}))?", re.ASCII)
_LARGEST = 0xFFFFFFFF

_Number = TypeVar("_Number", bound=int)


def format_set(numbers: Iterable[int]) -> str:
    """Write numbers as the shortest set, ascending, each once. Raises ValueError for none, or one outside 1…2³²-1."""
    ranges: list[str] = []
    ordered = iter(sorted(set(numbers)))
    try:
        first = last = next(ordered)
    except StopIteration:
        raise ValueError("a set needs a number") from None
    if first < 1:
        raise ValueError("numbers start at 1")
    for number in ordered:
        if number != last + 1:
            ranges.append(_range(first, last))
            first = number
        last = number
    if last > _LARGEST:
        raise ValueError("numbers end at 2**32-1")
    ranges.append(_range(first, last))
    return ",".join(ranges)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}:{last}"


def parse_set(text: bytes) -> tuple[tuple[int, int], ...]:
    """Read a set a server sent as (first, last) pairs, each ascending, as written otherwise.

    Raises MalformedResponse for what is no set, for `*` (a server knows its numbers) and over the bound.
    """
    if text.count(b",") >= MAX_SET_RANGES:
        raise MalformedResponse("too many ranges")
    return tuple(_parse_ranges(text))


def _parse_ranges(text: bytes) -> Iterator[tuple[int, int]]:
    for part in text.decode("ascii", "replace").split(","):
        found = _RANGE.fullmatch(part)
        if found is None:
            raise MalformedResponse("not a set of numbers")
        first = int(found.group(1))
        last = int(found.group(2) or first)
        if max(first, last) > _LARGEST:
            raise MalformedResponse("a number over 2**32-1")
        yield (first, last) if first <= last else (last, first)


def count_below(ranges: Iterable[tuple[int, int]], bound: int) -> int:
    """Count how many numbers of the ranges are under `bound`, without writing them out."""
    return sum(min(last, bound - 1) - first + 1 for first, last in ranges if first < bound)


def within(wanted: Collection[_Number], ranges: Iterable[tuple[int, int]]) -> set[_Number]:
    """Tell which of the wanted numbers lie in the ranges, without writing these out."""
    ordered = sorted(ranges)
    found: set[_Number] = set()
    reach = place = 0
    for number in sorted(wanted):
        while place < len(ordered) and ordered[place][0] <= number:
            reach = max(reach, ordered[place][1])
            place += 1
        if number <= reach:
            found.add(number)
    return found
