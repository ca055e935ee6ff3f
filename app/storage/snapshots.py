"""Snapshots of mailboxes at rest, replaced together with the events that tell of it."""

from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import Conflict
from app.domain.events import Event, NewEvent
from app.domain.ids import AccountId
from app.domain.ports import Clock
from app.domain.snapshots import Chunk, MailboxWrite, SnapshotHeader, SnapshotStep, Watch
from app.storage import limits
from app.storage.batches import batches
from app.storage.dialect import upsert
from app.storage.engine import Database
from app.storage.event_log import count_events, write_events
from app.storage.snapshot_rows import (
    chunk_content,
    chunk_from,
    header_from,
    header_values,
    watch_from,
    watch_values,
)
from app.storage.tables import mailbox_snapshots, snapshot_chunks, watches
from app.storage.unit import read, write

_LOST = "Another watcher has committed meanwhile."


class SqlSnapshotStore:
    """Implements `app.domain.ports.SnapshotStore`; StorageUnavailable may come from every method."""

    def __init__(self, database: Database, clock: Clock, committed: Callable[[], None] | None = None) -> None:
        """Take an open database, the time that events are given, and who hears that some were committed."""
        self._database = database
        self._clock = clock
        self._committed = committed

    async def watch(self, account_id: AccountId) -> Watch:
        """Tell how the watching of an account stands."""
        return (await self.watches([account_id])).get(account_id, Watch())

    async def watches(self, account_ids: Sequence[AccountId]) -> dict[AccountId, Watch]:
        """Tell the same of many accounts; those never watched are left out."""
        found: dict[AccountId, Watch] = {}
        async with read(self._database) as connection:
            for some in batches(account_ids, limits.PARAMETERS):
                rows = await connection.execute(select(watches).where(watches.c.account_id.in_(some)))
                found.update((AccountId(row.account_id), watch_from(row)) for row in rows)
        return found

    async def headers(self, account_id: AccountId) -> tuple[SnapshotHeader, ...]:
        """All mailboxes of the account, by row."""
        table = mailbox_snapshots
        statement = select(table).where(table.c.account_id == account_id).order_by(table.c.mailbox)
        async with read(self._database) as connection:
            return tuple(header_from(row) for row in await connection.execute(statement))

    async def firsts(self, mailbox: int) -> tuple[int, ...]:
        """The `first` of every chunk of a mailbox, ascending."""
        column = snapshot_chunks.c.first
        statement = select(column).where(snapshot_chunks.c.mailbox == mailbox).order_by(column)
        async with read(self._database) as connection:
            return tuple((await connection.execute(statement)).scalars())

    async def chunks(self, mailbox: int, firsts: Sequence[int]) -> tuple[Chunk, ...]:
        """Read chunks, ascending; those that are not there are left out."""
        table = snapshot_chunks
        found: list[Chunk] = []
        async with read(self._database) as connection:
            for some in batches(sorted(firsts), limits.CHUNK_ROWS):
                statement = select(table.c.first, table.c.content).where(
                    table.c.mailbox == mailbox, table.c.first.in_(some)
                )
                rows = await connection.execute(statement.order_by(table.c.first))
                found.extend(chunk_from(row.first, row.content) for row in rows)
        return tuple(found)

    async def content(
        self, account_id: AccountId, mailbox: int, after: int, count: int
    ) -> tuple[SnapshotHeader, tuple[Chunk, ...]] | None:
        """Read a header and the next `count` chunks, those whose `first` is over `after`, as they were at one moment.

        None when the account has no such mailbox.
        """
        table, one = snapshot_chunks, mailbox_snapshots
        header = select(one).where(one.c.account_id == account_id, one.c.mailbox == mailbox)
        following = select(table.c.first, table.c.content).where(table.c.mailbox == mailbox, table.c.first > after)
        async with read(self._database) as connection:
            row = (await connection.execute(header)).one_or_none()
            if row is None:
                return None
            rows = await connection.execute(following.order_by(table.c.first).limit(count))
            return header_from(row), tuple([chunk_from(found.first, found.content) for found in rows])

    async def commit(self, account_id: AccountId, step: SnapshotStep, events: Sequence[NewEvent]) -> tuple[Event, ...]:
        """Replace the snapshots and write the events, in one transaction.

        Raises Conflict, with nothing written, when a header's revision is not the stored one any more, and NotFound
        when the account is gone.
        """
        now = self._clock.now()
        async with write(self._database) as connection:
            counted = await count_events(connection, account_id, len(events))
            await self._compare(connection, account_id, (*step.gone, *(one.header for one in step.mailboxes)))
            await self._remove(connection, [one.mailbox for one in step.gone])
            await self._put_headers(connection, account_id, step.mailboxes)
            await self._put_chunks(connection, step.mailboxes)
            if step.watch is not None:
                row = watch_values(account_id, step.watch)
                await connection.execute(upsert(connection, watches, [row], keys=["account_id"]))
            written = await write_events(connection, counted, events, now)
        if written and self._committed is not None:
            self._committed()
        return written

    async def synced(self, known: Sequence[tuple[AccountId, Watch]]) -> None:
        """Note that accounts are in sync although nothing changed; those gone are left out."""
        if not known:
            return
        rows = [watch_values(account_id, watch) for account_id, watch in known]
        statement = update(watches).where(watches.c.account_id == bindparam("account"))
        async with write(self._database) as connection:
            await connection.execute(
                statement.values(synced_at=bindparam("synced_at"), how=bindparam("how")),
                [{"account": row["account_id"], "synced_at": row["synced_at"], "how": row["how"]} for row in rows],
            )

    async def _compare(
        self, connection: AsyncConnection, account_id: AccountId, as_read: Sequence[SnapshotHeader]
    ) -> None:
        """Make sure that the headers are still as they were read. No other commit of the account runs now."""
        table = mailbox_snapshots
        wanted = {one.mailbox: (account_id, one.revision) for one in as_read}
        stored: dict[int, tuple[str, int]] = {}
        for some in batches(list(wanted), limits.PARAMETERS):
            rows = await connection.execute(
                select(table.c.mailbox, table.c.account_id, table.c.revision).where(table.c.mailbox.in_(some))
            )
            stored.update((row.mailbox, (row.account_id, row.revision)) for row in rows)
        if len(wanted) != len(as_read) or stored != {row: one for row, one in wanted.items() if one[1]}:
            raise Conflict(_LOST)

    async def _remove(self, connection: AsyncConnection, gone: Sequence[int]) -> None:
        for some in batches(gone, limits.PARAMETERS):
            await connection.execute(delete(mailbox_snapshots).where(mailbox_snapshots.c.mailbox.in_(some)))

    async def _put_headers(
        self, connection: AsyncConnection, account_id: AccountId, written: Sequence[MailboxWrite]
    ) -> None:
        for some in batches(written, limits.MAILBOX_ROWS):
            rows = [header_values(account_id, one.header) for one in some]
            await connection.execute(upsert(connection, mailbox_snapshots, rows, keys=["mailbox"]))

    async def _put_chunks(self, connection: AsyncConnection, written: Sequence[MailboxWrite]) -> None:
        table = snapshot_chunks
        cleared = [one.header.mailbox for one in written if one.clears]
        for some in batches(cleared, limits.PARAMETERS):
            await connection.execute(delete(table).where(table.c.mailbox.in_(some)))
        dropped = [(one.header.mailbox, first) for one in written for first in one.dropped]
        for pairs in batches(dropped, limits.CHUNK_ROWS):
            await connection.execute(delete(table).where(tuple_(table.c.mailbox, table.c.first).in_(pairs)))
        chunks = [(one.header.mailbox, chunk) for one in written for chunk in one.chunks]
        for put in batches(chunks, limits.CHUNK_ROWS):
            rows = [{"mailbox": row, "first": chunk.first, "content": chunk_content(chunk)} for row, chunk in put]
            await connection.execute(upsert(connection, table, rows, keys=["mailbox", "first"]))
