"""Ranges of UIDs: never written out, for a server may name 4,294,967,295 of them in ten bytes."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from app.domain.looks import UidRanges, UidWindow


def merged(ranges: Iterable[tuple[int, int]]) -> UidRanges:
    """Put ranges in order, those that touch made one."""
    result: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return tuple(result)


def count(ranges: UidRanges) -> int:
    """How many UIDs there are in them."""
    return sum(last - first + 1 for first, last in ranges)


class UidSet:
    """Merged ranges that can be asked."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Take ranges in any order."""
        self.ranges = merged(ranges)
        self._firsts = [first for first, _ in self.ranges]

    def __contains__(self, uid: int) -> bool:
        """Whether a UID is in one of them."""
        place = bisect_right(self._firsts, uid) - 1
        return place >= 0 and uid <= self.ranges[place][1]

    def touches(self, first: int, last: int | None) -> bool:
        """Whether any UID of a window is in one of them."""
        end = len(self.ranges) if last is None else bisect_right(self._firsts, last)
        return end > 0 and self.ranges[end - 1][1] >= first


def windows(ranges: UidRanges, size: int) -> Iterator[UidWindow]:
    """Cut the numbers from 1 on into windows that hold at most `size` of the UIDs; the last one is open."""
    begin, room = 1, size
    for first, last in ranges:
        uid = first
        while last - uid + 1 > room:
            uid += room
            yield UidWindow(begin, uid - 1)
            begin, room = uid, size
        room -= last - uid + 1
    yield UidWindow(begin)
