from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from app.domain.ports import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Remembers what was read lately, for `seconds` and at most `size` entries, the least used leaving first.

    What is dropped cannot come back from a read that began before: take `mark` before the read and hand it to `put`.
    """

    def __init__(self, clock: Clock, seconds: float, size: int) -> None:
        self._clock = clock
        self._seconds = seconds
        self._size = size
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._drops = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def mark(self) -> int:
        """The point in time a read begins at, counted in drops."""
        return self._drops

    def get(self, key: K) -> V | None:
        """Return what is remembered, None when nothing fresh is."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= self._clock.monotonic():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: K, value: V, mark: int) -> None:
        """Remember what a read begun at `mark` found, unless something was dropped meanwhile."""
        if mark != self._drops:
            return
        self._entries[key] = (self._clock.monotonic() + self._seconds, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def drop(self, key: K) -> None:
        """Forget one: it has changed."""
        self._drops += 1
        self._entries.pop(key, None)
