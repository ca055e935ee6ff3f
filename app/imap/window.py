"""Rows of the selected mailbox by sequence number, kept right while messages come and go."""

from collections.abc import Container, Mapping

from app.domain.errors import UpstreamProtocolError
from app.imap.selection import vanished
from app.imap.wire.fetch import FetchRow, read_fetch
from app.imap.wire.flags_run import read_run
from app.imap.wire.limits import MAX_RUN
from app.imap.wire.responses import Untagged
from app.imap.wire.uid_sets import count_below

_UNASKED = "The mail server sends messages that nobody asked for."


class Window:
    """Takes FETCH, EXPUNGE and VANISHED in the order they came; unasked-for rows without UID are not taken.

    `expunged` counts messages that went. `run` are the bytes of all rows while they came as one run of flags.
    """

    def __init__(self, max_rows: int, wanted: Container[int] | None = None) -> None:
        """Begin empty. More than `max_rows` raise UpstreamProtocolError: nobody asked for so many. With `wanted`, rows
        of other UIDs are not taken: a server may tell of any message at any time.
        """
        self._max_rows = max_rows
        self._wanted = wanted
        self.rows: Mapping[int, FetchRow] = {}
        self.expunged = 0
        self.run: bytes | None = b""
        self._own: dict[int, FetchRow] | None = None

    def take_run(self, run: bytes) -> None:
        """Take rows of flags that came in a row. See `wire.flags_run`."""
        joined = None if self.run is None else self.run + run
        if joined is not None and len(joined) <= MAX_RUN:
            self.run, self.rows = joined, read_run(joined)
            if len(self.rows) > self._max_rows:
                raise UpstreamProtocolError(_UNASKED)
            return
        for row in read_run(run).values():
            self._put(row)

    def take(self, untagged: Untagged) -> None:
        """Take what tells of messages; all else is ignored."""
        if untagged.kind == b"FETCH":
            self._fetched(untagged)
        elif untagged.kind == b"EXPUNGE" and untagged.number:
            gone = untagged.number
            self.expunged += 1
            self._keep({seq - (seq > gone): row for seq, row in self.rows.items() if seq != gone})
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
        if row is not None:
            self._put(row)

    def _put(self, row: FetchRow) -> None:
        if self._wanted is not None and row.uid not in self._wanted:
            return
        before = self.rows.get(row.seq)
        if before is not None and before.uid == row.uid:
            row = joined(before, row)
        elif before is None and len(self.rows) >= self._max_rows:
            raise UpstreamProtocolError(_UNASKED)
        own = self._keep(dict(self.rows)) if self._own is None else self._own  # those of a run are not ours
        own[row.seq] = row

    def _keep(self, rows: dict[int, FetchRow]) -> dict[int, FetchRow]:
        self.run = None
        self.rows = self._own = rows
        return rows

    def _vanished(self, gone: tuple[tuple[int, int], ...]) -> None:
        if not gone:
            return
        self.expunged += count_below(gone, 1 << 32)
        kept: dict[int, FetchRow] = {}
        for seq, row in self.rows.items():
            below = count_below(gone, row.uid)
            if count_below(gone, row.uid + 1) == below:
                kept[seq - below] = row
        self._keep(kept)


def joined(before: FetchRow, row: FetchRow) -> FetchRow:
    """Put what a second response says of a message to the first: flags of this moment may come by themselves."""
    return row._replace(
        items={**before.items, **row.items},
        is_broken=before.is_broken or row.is_broken,
        envelope=row.envelope or before.envelope,
        files=before.files if row.files is None else row.files,
        header=row.header or before.header,
    )
