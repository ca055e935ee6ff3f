"""What differs between snapshot and server, held as changes alone: a quiet mailbox of any size costs nothing."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from app.domain.changes import Flags
from app.domain.ids import Uid
from app.domain.snapshots import Chunk


@dataclass(slots=True)
class Findings:
    """Differences by UID. `updated` holds flags before and after."""

    created: dict[Uid, Flags] = field(default_factory=dict)
    updated: dict[Uid, tuple[Flags, Flags]] = field(default_factory=dict)
    deleted: dict[Uid, Flags] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.created or self.updated or self.deleted)

    def compare(self, chunks: Iterable[Chunk], rows: Iterable[tuple[Uid, Flags]]) -> None:
        """Take what the server says of messages against the chunks in which they would be."""
        known = {uid: flags for chunk in chunks for uid, flags in zip(chunk.uids, chunk.flags, strict=True)}
        for uid, flags in rows:
            before = known.get(uid)
            self.updated.pop(uid, None)
            if before is None:
                self.created[uid] = flags
            elif before != flags:
                self.updated[uid] = (before, flags)

    def lose(self, chunks: Iterable[Chunk], is_gone: Callable[[int], bool]) -> None:
        """Take those of the chunks' messages as deleted that are gone."""
        for chunk in chunks:
            for uid, flags in zip(chunk.uids, chunk.flags, strict=True):
                if is_gone(uid):
                    self.updated.pop(uid, None)
                    self.deleted[uid] = flags


def home(firsts: Sequence[int], uid: int) -> int:
    """Return the `first` of the chunk in which a UID is or would be; 1 when there is none yet."""
    place = bisect_right(firsts, uid) - 1
    return firsts[place] if place >= 0 else 1
