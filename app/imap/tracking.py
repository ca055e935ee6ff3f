"""Which of some messages went, told by EXPUNGE alone: by sequence numbers that shift with each one."""

from bisect import bisect_right, insort
from collections.abc import Collection

from app.domain.ids import Uid
from app.imap.selection import vanished
from app.imap.wire.fetch import read_fetch
from app.imap.wire.responses import Untagged
from app.imap.wire.uid_sets import within


class Tracked:
    """Messages of which a FETCH tells the UID, followed through what the server says of expunges.

    `seen` are those that were there, `gone` those of them that went. A server may answer a SEARCH behind an EXPUNGE
    before it tells of the expunge (Dovecot does), but the numbers in its stream are always those of that moment.
    """

    def __init__(self, wanted: Collection[Uid]) -> None:
        """Follow the wanted messages; nothing is known of them yet."""
        self._wanted = frozenset(wanted)
        self._places: dict[int, Uid] = {}
        self._expunged: list[int] = []
        self.seen: set[Uid] = set()
        self.gone: set[Uid] = set()

    def take(self, untagged: Untagged) -> None:
        """Take what tells of messages, in the order it came; all else is ignored."""
        if untagged.kind == b"FETCH":
            row = read_fetch(untagged)
            if row is not None and row.uid in self._wanted:
                self._places[self._first_place(row.seq)] = row.uid
                self.seen.add(row.uid)
        elif untagged.kind == b"EXPUNGE" and untagged.number:
            place = self._first_place(untagged.number)
            insort(self._expunged, place)
            uid = self._places.pop(place, None)
            if uid is not None:
                self.gone.add(uid)
        elif untagged.kind == b"VANISHED":
            self.gone |= within(self._wanted, vanished(untagged))

    def _first_place(self, seq: int) -> int:
        """The number that the message had at first, before any expunge that was told."""
        shift = bisect_right(range(len(self._expunged)), seq, key=lambda index: self._expunged[index] - index)
        return seq + shift
