"""Rows of the selected mailbox by sequence number, kept right while messages come and go."""

from dataclasses import replace

from app.domain.errors import UpstreamProtocolError
from app.imap.selection import vanished
from app.imap.wire.fetch import FetchRow, read_fetch
from app.imap.wire.responses import Untagged
from app.imap.wire.uid_sets import count_below


class Window:
    """Takes FETCH, EXPUNGE and VANISHED in the order they came; unasked-for rows without UID are not taken.

    `expunged` counts messages that went.
    """

    def __init__(self, max_rows: int) -> None:
        """Begin empty. More than `max_rows` raise UpstreamProtocolError: nobody asked for so many."""
        self._max_rows = max_rows
        self.rows: dict[int, FetchRow] = {}
        self.expunged = 0

    def take(self, untagged: Untagged) -> None:
        """Take what tells of messages; all else is ignored."""
        if untagged.kind == b"FETCH":
            self._fetched(untagged)
        elif untagged.kind == b"EXPUNGE" and untagged.number:
            gone = untagged.number
            self.expunged += 1
            self.rows = {seq - (seq > gone): row for seq, row in self.rows.items() if seq != gone}
        elif untagged.kind == b"VANISHED":
            self._vanished(vanished(untagged))

    def place_of(self, uid: int, exists: int) -> tuple[int, int]:
        """Return the last sequence number known to be under `uid` and the first known not to be.

        They are neighbours when the place is known. UIDs ascend with sequence numbers (RFC 9051 section 2.3.1.1).
        """
        below = max((seq for seq, row in self.rows.items() if row.uid < uid), default=0)
        above = min((seq for seq, row in self.rows.items() if row.uid >= uid), default=exists + 1)
        return below, above

    def _fetched(self, untagged: Untagged) -> None:
        row = read_fetch(untagged)
        if row is None:
            return
        before = self.rows.get(row.seq)
        if before is not None and before.uid == row.uid:
            row = replace(row, items={**before.items, **row.items}, is_broken=before.is_broken or row.is_broken)
        elif before is None and len(self.rows) >= self._max_rows:
            raise UpstreamProtocolError("The mail server sends messages that nobody asked for.")
        self.rows[row.seq] = row

    def _vanished(self, gone: tuple[tuple[int, int], ...]) -> None:
        if not gone:
            return
        self.expunged += count_below(gone, 1 << 32)
        kept: dict[int, FetchRow] = {}
        for seq, row in self.rows.items():
            below = count_below(gone, row.uid)
            if count_below(gone, row.uid + 1) == below:
                kept[seq - below] = row
        self.rows = kept
