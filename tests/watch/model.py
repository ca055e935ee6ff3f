"""A mailbox with a history, a server of any ability; the snapshot as the store keeps it."""

import random
from dataclasses import dataclass, field, replace
from itertools import pairwise

from app.domain.changes import Change, Created, Deleted, Flags, Updated
from app.domain.ids import Uid
from app.domain.looks import FlagRows, MailboxView, UidListing, UidWindow
from app.domain.snapshots import Chunk, Depth, MailboxWrite, SnapshotHeader
from app.watch.diff.differ import diff
from app.watch.diff.ranges import merged
from app.watch.diff.steps import (
    Answer,
    Difference,
    FetchFlags,
    ListUids,
    MailboxMoved,
    ReadChunks,
    ReadFirsts,
    Request,
    Steps,
)

FLAGS = ("$Forwarded", "answered", "flagged", "seen")


@dataclass
class Server:
    """One mailbox. `says_vanished` and `has_modseq` are QRESYNC and CONDSTORE; the faults are chances per answer."""

    has_modseq: bool = True
    says_vanished: bool = True
    loses_vanished: float = 0.0
    lies_vanished: float = 0.0
    breaks_rows: float = 0.0
    uidvalidity: int = 1
    uidnext: int = 1
    modseq: int = 1
    mail: dict[int, Flags] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    dice: random.Random = field(default_factory=random.Random)

    def act(self) -> None:
        """Let another client do something."""
        self.modseq += 1
        what = self.dice.random()
        uids = list(self.mail)
        if what < 0.35 or not uids:
            self.uidnext += self.dice.choice((0, 0, 0, 3))  # UIDs may have gaps
            for _ in range(self.dice.choice((1, 1, 1, 4))):
                self._set(self.uidnext, ("seen",) if self.dice.random() < 0.3 else ())
                self.uidnext += 1
        elif what < 0.75:
            for uid in self.dice.sample(uids, min(len(uids), self.dice.choice((1, 1, 3)))):
                self._set(uid, tuple(sorted(self.dice.sample(FLAGS, self.dice.randrange(3)))))
        elif what < 0.97:
            for uid in self.dice.sample(uids, min(len(uids), self.dice.choice((1, 1, 5)))):
                del self.mail[uid]
                self.gone[uid] = self.modseq
        else:
            self.renumber()

    def renumber(self) -> None:
        """Give every message another UID."""
        mail = list(self.mail.values())
        self.uidvalidity += 1
        self.uidnext, self.mail, self.changed, self.gone = 1, {}, {}, {}
        for flags in mail:
            self._set(self.uidnext, flags)
            self.uidnext += 1

    def _set(self, uid: int, flags: Flags) -> None:
        self.mail[uid] = flags
        self.changed[uid] = self.modseq

    def fetch(self, window: UidWindow, modseq: int | None) -> FlagRows:
        view = self.view()
        wanted = {uid: flags for uid, flags in self.mail.items() if window.first <= uid <= (window.last or 2**32)}
        if window.last is None and self.mail:
            wanted.setdefault(max(self.mail), self.mail[max(self.mail)])  # what n:* means
        if modseq is None:
            return self._rows(view, wanted, None)
        if not self.has_modseq:
            return FlagRows(view, None, None)
        gone = [uid for uid, at in self.gone.items() if at > modseq]
        if self.dice.random() < self.loses_vanished:
            gone = gone[1:]
        if self.mail and self.dice.random() < self.lies_vanished:
            gone.append(self.dice.choice(list(self.mail)))
        changed = {uid: flags for uid, flags in wanted.items() if self.changed[uid] > modseq}
        return self._rows(view, changed, merged((uid, uid) for uid in gone) if self.says_vanished else None)

    def _rows(self, view: MailboxView, wanted: dict[int, Flags], vanished: object) -> FlagRows:
        rows = tuple((Uid(uid), flags) for uid, flags in wanted.items() if self.dice.random() >= self.breaks_rows)
        return FlagRows(view, rows, vanished, len(rows) == len(wanted))  # type: ignore[arg-type]

    def list(self) -> UidListing:
        return UidListing(self.view(), merged((uid, uid) for uid in self.mail))

    def view(self) -> MailboxView:
        return MailboxView(
            self.uidvalidity, self.uidnext, self.modseq if self.has_modseq else None, len(self.mail)
        )  # fmt: skip


@dataclass
class Snapshot:
    """The store's side, and what was told: each portion is committed as the store would."""

    header: SnapshotHeader = field(default_factory=lambda: SnapshotHeader(1, "INBOX", ("INBOX",), None, Depth.MESSAGES))
    chunks: dict[int, Chunk] = field(default_factory=dict)

    def commit(self, write: MailboxWrite) -> None:
        assert write.header.revision == self.header.revision
        if write.clears:
            self.chunks.clear()
        for first in write.dropped:
            del self.chunks[first]
        self.chunks.update((chunk.first, chunk) for chunk in write.chunks)
        self.header = replace(write.header, revision=write.header.revision + 1)
        self.check()

    def check(self) -> None:
        """The invariants: sorted, bounded, each message in the chunk where it is looked for, counts right."""
        mail = self.mail()
        bounds = [*sorted(self.chunks), 2**33]
        for first, after in pairwise(bounds):
            uids = self.chunks[first].uids
            assert uids
            assert len(uids) <= 1000
            assert list(uids) == sorted(set(uids))
            assert first <= uids[0]
            assert uids[-1] < after
        assert self.header.known == self.header.total == len(mail)
        assert self.header.unread == sum("seen" not in flags for flags in mail.values())

    def mail(self) -> dict[int, Flags]:
        return {
            uid: flags for chunk in self.chunks.values() for uid, flags in zip(chunk.uids, chunk.flags, strict=True)
        }


@dataclass
class Client:
    """Who applies what is told. A reset makes it read the snapshot, as `…/state` does."""

    mail: dict[int, Flags] = field(default_factory=dict)
    told: list[Change] = field(default_factory=list)

    def apply(self, changes: tuple[Change, ...]) -> None:
        self.told.extend(changes)
        for change in changes:
            match change:
                case Created(uid, flags):
                    assert uid not in self.mail, "a message was announced twice"
                    self.mail[uid] = flags
                case Updated(uid, before, after):
                    assert self.mail[uid] == before != after
                    self.mail[uid] = after
                case Deleted(uid, flags):
                    assert self.mail.pop(uid) == flags


def answer(request: Request, server: Server, snapshot: Snapshot) -> Answer:
    """Answer one request of the differ."""
    match request:
        case FetchFlags(window, modseq):
            return server.fetch(window, modseq)
        case ListUids():
            return server.list()
        case ReadFirsts():
            return tuple(sorted(snapshot.chunks))
        case ReadChunks(firsts):
            return tuple(snapshot.chunks[first] for first in sorted(firsts))


def run(
    server: Server, snapshot: Snapshot, *, meddling: float = 0.0, is_thorough: bool = False
) -> tuple[Difference, list[Request]]:
    """Run the differ; between its questions other clients may act."""
    steps: Steps[Difference] = diff(snapshot.header, is_thorough=is_thorough)
    asked: list[Request] = []
    try:
        request = next(steps)
        while True:
            asked.append(request)
            given = answer(request, server, snapshot)
            if server.dice.random() < meddling:
                server.act()
            request = steps.send(given)
    except StopIteration as end:
        difference: Difference = end.value
        return difference, asked


def look(
    server: Server,
    snapshot: Snapshot,
    client: Client,
    *,
    meddling: float = 0.0,
    stops_after: int = 99,
    is_thorough: bool = False,
) -> bool:
    """Look once, commit and tell, at most `stops_after` portions; tells whether all was settled."""
    try:
        difference, _ = run(server, snapshot, meddling=meddling, is_thorough=is_thorough)
    except MailboxMoved:
        return False
    for portion in difference.portions[:stops_after]:
        snapshot.commit(portion.write)
        client.apply(portion.changes)
        if difference.is_reset or portion.write.clears:
            client.mail = snapshot.mail()
        assert client.mail == snapshot.mail()
    return difference.is_settled and stops_after >= len(difference.portions)
