"""Findings written into the chunks of a snapshot: only chunks that change, a transaction's worth at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from app.domain.changes import Change, Created, Deleted, Flags, Updated
from app.domain.ids import Uid
from app.domain.snapshots import Chunk, MailboxWrite, SnapshotHeader
from app.watch.diff.findings import Findings, home
from app.watch.diff.limits import CHUNK_UIDS, PORTION_CHANGES
from app.watch.diff.steps import Portion, Steps, read_chunks


@dataclass(slots=True)
class _Place:
    """The findings of one chunk."""

    created: dict[Uid, Flags] = field(default_factory=dict)
    updated: dict[Uid, tuple[Flags, Flags]] = field(default_factory=dict)
    deleted: dict[Uid, Flags] = field(default_factory=dict)

    def changes(self) -> Iterator[Change]:
        """Yield them by UID: what went, what changed, what came."""
        yield from [Deleted(uid, self.deleted[uid]) for uid in sorted(self.deleted)]
        yield from [Updated(uid, *self.updated[uid]) for uid in sorted(self.updated)]
        yield from [Created(uid, self.created[uid]) for uid in sorted(self.created)]

    def content(self, chunk: Chunk | None) -> dict[Uid, Flags]:
        """Return the chunk's messages afterwards."""
        content = dict(zip(chunk.uids, chunk.flags, strict=True)) if chunk else {}
        for uid in self.deleted:
            content.pop(uid, None)
        content.update((uid, after) for uid, (_, after) in self.updated.items())
        content.update(self.created)
        return content


def pages(first: int, content: dict[Uid, Flags]) -> tuple[Chunk, ...]:
    """Make the chunks of some messages; none for none. The first one keeps `first`."""
    uids = sorted(content)
    result: list[Chunk] = []
    for start in range(0, len(uids), CHUNK_UIDS):
        some = uids[start : start + CHUNK_UIDS]
        result.append(Chunk(some[0] if start else first, tuple(some), tuple([content[uid] for uid in some])))
    return tuple(result)


def write(
    header: SnapshotHeader, after: SnapshotHeader, firsts: tuple[int, ...], found: Findings
) -> Steps[tuple[Portion, ...]]:
    """Turn findings into portions that lead from one header to another.

    What tells the server's state (`modseq` above all) is written with the last portion alone: a crash in between makes
    the next look find the rest again, and nothing twice.
    """
    if found.is_empty:
        return () if after == header else (Portion(MailboxWrite(after), ()),)
    places = _places((*firsts, *_new_firsts(header, found)), found)
    portions: list[Portion] = []
    for group in _groups(places):
        chunks = yield from read_chunks(tuple([first for first in group if first in set(firsts)]))
        stored = {chunk.first: chunk for chunk in chunks}
        written: list[Chunk] = []
        dropped: list[int] = []
        changes: list[Change] = []
        for first in group:
            made = pages(first, places[first].content(stored.get(first)))
            written.extend(made)
            if not made and first in stored:
                dropped.append(first)
            changes.extend(places[first].changes())
        portions.append(Portion(MailboxWrite(header, tuple(written), tuple(dropped)), tuple(changes)))
    return _numbered(header, after, portions)


def _new_firsts(header: SnapshotHeader, found: Findings) -> list[Uid]:
    """Where chunks begin that are made for new messages: from the second thousand of an arrival on."""
    arrived = sorted(uid for uid in found.created if uid >= (header.uidnext or 1))
    return arrived[CHUNK_UIDS::CHUNK_UIDS]


def _places(firsts: tuple[int, ...], found: Findings) -> dict[int, _Place]:
    """Sort findings by the chunk they belong to, ascending."""
    places: dict[int, _Place] = {}

    def place(uid: int) -> _Place:
        return places.setdefault(home(firsts, uid), _Place())

    for uid, flags in found.created.items():
        place(uid).created[uid] = flags
    for uid, both in found.updated.items():
        place(uid).updated[uid] = both
    for uid, flags in found.deleted.items():
        place(uid).deleted[uid] = flags
    return dict(sorted(places.items()))


def _groups(places: dict[int, _Place]) -> Iterator[tuple[int, ...]]:
    group: list[int] = []
    size = 0
    for first, place in places.items():
        group.append(first)
        size += len(place.created) + len(place.updated) + len(place.deleted)
        if size >= PORTION_CHANGES:
            yield tuple(group)
            group, size = [], 0
    if group:
        yield tuple(group)


def _numbered(header: SnapshotHeader, after: SnapshotHeader, portions: Iterable[Portion]) -> tuple[Portion, ...]:
    """Give each portion the header that holds when it is committed: counts of what was told so far."""
    result: list[Portion] = []
    current = replace(header, uidvalidity=after.uidvalidity)  # message ids are made with it
    for portion in portions:
        current = replace(_counted(current, portion.changes), revision=header.revision + len(result))
        result.append(replace(portion, write=replace(portion.write, header=current)))
    last = result[-1]
    final = replace(after, known=current.known, total=current.total, unread=current.unread, revision=current.revision)
    result[-1] = replace(last, write=replace(last.write, header=final))
    return tuple(result)


def _counted(header: SnapshotHeader, changes: Iterable[Change]) -> SnapshotHeader:
    known, unread, uidnext = header.known, header.unread or 0, header.uidnext or 1
    for change in changes:
        match change:
            case Created(uid, flags):
                known += 1
                uidnext = max(uidnext, uid + 1)
                unread += "seen" not in flags
            case Updated(_, before, now):
                unread += ("seen" in before) - ("seen" in now)
            case Deleted(_, flags):
                known -= 1
                unread -= "seen" not in flags
    return replace(header, known=known, total=known, unread=unread, uidnext=uidnext)
