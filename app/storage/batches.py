"""Many items, a statement's worth at a time."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


def batches(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    """Cut into runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
