"""The event log at rest."""

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, delete, select

from app.domain.access import Principal
from app.domain.events import Event, NewEvent
from app.domain.ids import AccountId
from app.domain.ports import Clock, EventPage
from app.domain.positions import LogHead
from app.storage import limits
from app.storage.engine import Database
from app.storage.event_log import (
    begin_log,
    count_events,
    new_epoch,
    read_head,
    set_head,
    write_events,
    write_general_events,
)
from app.storage.event_rows import event_from
from app.storage.tables import events, is_key
from app.storage.unit import read, write


class SqlEventLog:
    """Implements `app.domain.ports.EventLog`; every method raises StorageUnavailable besides what is said there."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Take an open database, and the time that events are given."""
        self._database = database
        self._clock = clock
        self.committed: Callable[[], None] = _nothing
        """Called after events were committed here."""

    async def head(self) -> LogHead:
        """Tell where the log stands; the first to ask begins it."""
        async with read(self._database) as connection:
            head = await read_head(connection)
        if head is not None:
            return head
        async with write(self._database) as connection:
            await begin_log(connection)
        return await self.head()

    async def read(self, principal: Principal, account_id: AccountId | None, after: int, limit: int) -> EventPage:
        """Read the events behind `after` within the principal's reach, of one account if given; `limit` at most."""
        conditions: list[ColumnElement[bool]] = []
        if account_id is not None:
            conditions.append(events.c.account_id == account_id if is_key(account_id) else events.c.position < 0)
        if principal.accounts is not None:
            conditions.append(events.c.account_id.in_(sorted(principal.accounts)))
        if principal.tenant is not None:
            conditions.append(events.c.tenant == principal.tenant)
        return await self._page(conditions, after, limit)

    async def tail(self, after: int, limit: int) -> EventPage:
        """Read the events behind `after`, whoever's they are."""
        return await self._page([], after, limit)

    async def append(
        self, account_id: AccountId | None, tenant: str | None, events: Sequence[NewEvent]
    ) -> tuple[Event, ...]:
        """Commit events that no snapshot stands behind. Raises NotFound when the account is gone."""
        if not events:
            return ()
        now = self._clock.now()
        async with write(self._database) as connection:
            if account_id is None:
                written = await write_general_events(connection, tenant, events, now)
            else:
                counted = await count_events(connection, account_id, len(events))
                written = await write_events(connection, counted, events, now)
        self.committed()
        return written

    async def trim(self, before: float, keep_after: int) -> int:
        """Delete events older than `before` up to position `keep_after`, a few a transaction; tells how many."""
        trimmed = 0
        while True:
            count = await self._trim_some(before, keep_after)
            trimmed += count
            if count < limits.PURGE:
                return trimmed

    async def renew_epoch(self) -> LogHead:
        """Give the log another identity."""
        async with write(self._database) as connection:
            await begin_log(connection)
            await set_head(connection, epoch=new_epoch())
        return await self.head()

    async def _trim_some(self, before: float, keep_after: int) -> int:
        oldest = (
            select(events.c.position, events.c.timestamp)
            .where(events.c.position <= keep_after)
            .order_by(events.c.position)
            .limit(limits.PURGE)
        )
        async with read(self._database) as connection:
            rows = (await connection.execute(oldest)).all()
        old: list[int] = []
        for position, timestamp in rows:
            if timestamp >= before:
                break
            old.append(position)
        if not old:
            return 0
        async with write(self._database) as connection:
            await connection.execute(delete(events).where(events.c.position <= old[-1]))
            await set_head(connection, floor=old[-1])  # last: whoever commits events waits for this row
        return len(old)

    async def _page(self, conditions: Sequence[ColumnElement[bool]], after: int, limit: int) -> EventPage:
        if not 1 <= limit <= limits.EVENTS_AT_ONCE:
            raise ValueError(f"a page of events holds 1 to {limits.EVENTS_AT_ONCE}, not {limit}")
        statement = (
            select(events).where(events.c.position > after, *conditions).order_by(events.c.position).limit(limit)
        )
        async with read(self._database) as connection:
            head = await read_head(connection)
            rows = (await connection.execute(statement)).all() if head is not None else []
        if head is None:
            head = await self.head()
        found = tuple(event_from(row) for row in rows)
        reached = found[-1].position if len(found) == limit else max(after, head.position)
        return EventPage(found, head, reached)


def _nothing() -> None:
    """Nobody wants to know."""
