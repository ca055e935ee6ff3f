"""Snapshots as columns, and back."""

from typing import Any

import msgspec
from sqlalchemy import Row

from app.domain.changes import Flags
from app.domain.ids import AccountId, Uid
from app.domain.mailbox import Role
from app.domain.snapshots import Chunk, Depth, SnapshotHeader, SyncHow, Watch


class _Content(msgspec.Struct, array_like=True):
    """UIDs as steps from the one before (from `first` at the beginning), each flag set once, and which one each has."""

    steps: list[int]
    sets: list[Flags]
    which: list[int]


_encoder = msgspec.msgpack.Encoder()
_contents = msgspec.msgpack.Decoder(_Content)
_paths = msgspec.json.Decoder(tuple[str, ...])


def header_values(account_id: AccountId, header: SnapshotHeader) -> dict[str, Any]:
    """Spell a header as its columns, with the revision after this write."""
    return {
        "mailbox": header.mailbox,
        "account_id": account_id,
        "name": header.name,
        "path": msgspec.json.encode(header.path),
        "role": None if header.role is None else header.role.value,
        "depth": header.depth.value,
        "uidvalidity": header.uidvalidity,
        "uidnext": header.uidnext,
        "modseq": header.modseq,
        "total": header.total,
        "unread": header.unread,
        "known": header.known,
        "is_scanned": header.is_scanned,
        "revision": header.revision + 1,
    }


def header_from(row: Row[Any]) -> SnapshotHeader:
    """Read a header from its columns."""
    return SnapshotHeader(
        mailbox=row.mailbox,
        name=row.name,
        path=_paths.decode(row.path),
        role=None if row.role is None else Role(row.role),
        depth=Depth(row.depth),
        uidvalidity=row.uidvalidity,
        uidnext=row.uidnext,
        modseq=row.modseq,
        total=row.total,
        unread=row.unread,
        known=row.known,
        is_scanned=row.is_scanned,
        revision=row.revision,
    )


def chunk_content(chunk: Chunk) -> bytes:
    """Spell a chunk's messages: two to four bytes each, where flags repeat."""
    sets: dict[Flags, int] = {}
    which = [sets.setdefault(flags, len(sets)) for flags in chunk.flags]
    steps = [uid - before for before, uid in zip((chunk.first, *chunk.uids), chunk.uids, strict=False)]
    return _encoder.encode(_Content(steps, list(sets), which))


def chunk_from(first: int, content: bytes) -> Chunk:
    """Read a chunk from its columns."""
    found = _contents.decode(content)
    uids: list[Uid] = []
    uid = first
    for step in found.steps:
        uid += step
        uids.append(Uid(uid))
    return Chunk(first, tuple(uids), tuple([found.sets[place] for place in found.which]))


def watch_values(account_id: AccountId, watch: Watch) -> dict[str, Any]:
    """Spell a watch as its columns."""
    how = None if watch.how is None else watch.how.value
    return {"account_id": account_id, "begun_at": watch.begun_at, "synced_at": watch.synced_at, "how": how}


def watch_from(row: Row[Any]) -> Watch:
    """Read a watch from its columns."""
    return Watch(row.begun_at, row.synced_at, None if row.how is None else SyncHow(row.how))
