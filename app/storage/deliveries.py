"""The delivery log at rest, and asking for deliveries again."""

from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import NotFound, StaleReference
from app.domain.ids import AccountId
from app.domain.lanes import Delivery
from app.domain.ports.webhooks import DeliveryFilter, Replay
from app.domain.webhooks import DeliveryId, Endpoint, EndpointId
from app.storage import limits
from app.storage.dialect import Condition, condition
from app.storage.endpoint_rows import delivery_from, delivery_values
from app.storage.engine import Database
from app.storage.lane_turn import add_lanes, new_lane
from app.storage.pages import page_size
from app.storage.tables import events, is_key
from app.storage.unit import read, write
from app.storage.webhook_tables import deliveries


class SqlDeliveryStore:
    """Implements `app.domain.ports.DeliveryStore`; every method raises StorageUnavailable besides."""

    def __init__(self, database: Database) -> None:
        """Take an open database."""
        self._database = database

    async def list(
        self, endpoint_id: EndpointId, where: DeliveryFilter, limit: int, before: tuple[float, DeliveryId] | None
    ) -> tuple[Delivery, ...]:
        """List, newest first, those before (time, id); at most `limits.PAGE` at once."""
        if where.event_id is not None and not is_key(where.event_id):
            return ()
        at, key = deliveries.c.at, deliveries.c.id
        statement = (
            select(deliveries)
            .where(deliveries.c.endpoint_id == endpoint_id)
            .order_by(at.desc(), key.desc())
            .limit(page_size(limit))
        )
        if where.event_id is not None:
            statement = statement.where(deliveries.c.event_id == where.event_id)
        if where.is_success is not None:
            success = and_(deliveries.c.status.is_not(None), deliveries.c.status >= 200, deliveries.c.status < 300)
            failure = or_(deliveries.c.status.is_(None), deliveries.c.status < 200, deliveries.c.status >= 300)
            statement = statement.where(success if where.is_success else failure)
        if before is not None:
            statement = statement.where(or_(at < before[0], and_(at == before[0], key < before[1])))
        async with read(self._database) as connection:
            return tuple(delivery_from(row) for row in await connection.execute(statement))

    async def get(self, endpoint_id: EndpointId, delivery_id: str) -> Delivery:
        """Find one. Raises NotFound."""
        if not is_key(delivery_id):
            raise NotFound("No such delivery.")
        at = (deliveries.c.endpoint_id == endpoint_id, deliveries.c.id == delivery_id)
        async with read(self._database) as connection:
            row = (await connection.execute(select(deliveries).where(*at))).one_or_none()
        if row is None:
            raise NotFound("No such delivery.")
        return delivery_from(row)

    async def add(self, delivery: Delivery) -> None:
        """Keep an attempt that no lane stands behind; one for an endpoint that is gone is dropped."""
        try:
            async with write(self._database) as connection:
                await connection.execute(insert(deliveries).values(delivery_values(delivery)))
        except IntegrityError as error:
            if condition(error) is not Condition.NO_PARENT:
                raise

    async def retry(self, endpoint_id: EndpointId, delivery: Delivery, now: float) -> None:
        """Give an event a lane of its own, due now. Raises StaleReference when the log has it no more."""
        async with write(self._database) as connection:
            found = select(events.c.position, events.c.account_id).where(events.c.id == delivery.event_id)
            row = (await connection.execute(found)).one_or_none()
            if row is None:
                raise StaleReference("The event of this delivery is no longer in the log.")
            slot = f"event:{row.position}"
            lane = new_lane(
                endpoint_id, row.account_id or "", slot, after=row.position - 1, until=row.position, due_at=now
            )
            await add_lanes(connection, [lane])

    async def replay(self, endpoint: Endpoint, replay: Replay, now: float) -> int:
        """Make lanes for every account with events in a range; tells how many."""
        first, last = func.min(events.c.position), func.max(events.c.position)
        statement = (
            select(events.c.account_id, first, last)
            .where(events.c.position > replay.after, events.c.position <= replay.until)
            .group_by(events.c.account_id)
        )
        wants = endpoint.wants
        if wants.tenant is not None:
            statement = statement.where(events.c.tenant == wants.tenant)
        if replay.account is not None:
            statement = statement.where(events.c.account_id == replay.account)
        async with read(self._database) as connection:
            rows = (await connection.execute(statement)).all()
        chosen = None if wants.accounts is None else frozenset(wants.accounts)
        new = [
            new_lane(endpoint.id, account or "", replay.slot, after=begin - 1, until=end, due_at=now)
            for account, begin, end in rows
            if chosen is None or (account is not None and AccountId(account) in chosen)
        ]
        async with write(self._database) as connection:
            await add_lanes(connection, new)
        return len(new)

    async def positions(self, since: float, until: float | None) -> tuple[int, int]:
        """Tell which positions a time lies at: the last one before `since`, and the last one before `until`."""
        async with read(self._database) as connection:
            end = (await connection.execute(select(func.max(events.c.position)))).scalar_one() or 0
            start = await _last_before(connection, since, end)
            return start, end if until is None else await _last_before(connection, until, end)

    async def purge(self, before: float) -> int:
        """Delete deliveries begun before a time, a few at a time; tells how many."""
        old = select(deliveries.c.id).where(deliveries.c.at < before).limit(limits.PURGE)
        statement = delete(deliveries).where(deliveries.c.id.in_(old))
        purged = 0
        while True:
            async with write(self._database) as connection:
                deleted = (await connection.execute(statement)).rowcount
            purged += deleted
            if deleted < limits.PURGE:
                return purged


async def _last_before(connection: AsyncConnection, at: float, end: int) -> int:
    """Halve the log until the place is found: times grow with positions, and an index on them would cost every event.

    After the clock was set back times are not in order; the answer is then a place near it.
    """
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        found: Any = select(events.c.position, events.c.timestamp).where(events.c.position > middle)
        row = (await connection.execute(found.order_by(events.c.position).limit(1))).one()
        if row.timestamp >= at:
            high = middle
        else:
            low = row.position
    return low
