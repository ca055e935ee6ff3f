"""Lanes at rest: what dispatchers share."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import and_, exists, func, not_, or_, select, update

from app.domain.events import Event
from app.domain.lanes import Lane
from app.domain.ports.webhooks import RouterState, Turn
from app.domain.webhooks import Endpoint, EndpointId, EndpointState
from app.security.vault import Vault
from app.storage import limits
from app.storage.batches import batches
from app.storage.endpoint_rows import endpoint_from
from app.storage.engine import Database
from app.storage.event_rows import event_from
from app.storage.lane_claims import is_free
from app.storage.lane_turn import SqlTurn
from app.storage.tables import events
from app.storage.unit import read, write
from app.storage.webhook_tables import endpoints, lanes, router


class SqlLaneStore:
    """Implements `app.domain.ports.LaneStore`; every method raises StorageUnavailable besides what is said there."""

    def __init__(self, database: Database, vault: Vault) -> None:
        """Take an open database, and what opens the endpoints' secrets."""
        self._database = database
        self._vault = vault

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Begin a transaction; it commits at the end of the block. Raises LostRace: begin the turn again."""
        async with write(self._database) as connection:
            turn = SqlTurn(connection, self._vault)
            yield turn
            await turn.finish()

    async def state(self) -> RouterState | None:
        """Tell where the router stands; None as long as there never was an endpoint."""
        async with read(self._database) as connection:
            row = (await connection.execute(select(router.c.position, router.c.version))).one_or_none()
        return None if row is None else RouterState(*row)

    async def subscriptions(self) -> tuple[Endpoint, ...]:
        """All endpoints that are owed what comes: those not disabled."""
        statement = select(endpoints).where(endpoints.c.state != EndpointState.DISABLED.value)
        async with read(self._database) as connection:
            return tuple(endpoint_from(row) for row in await connection.execute(statement))

    async def due(self, now: float, looked_before: float) -> tuple[EndpointId, ...]:
        """Endpoints with a lane that may be tried now.

        Of one that is down any owed lane will do, once it may be looked at; or one whose event was never tried, if the
        endpoint answers and was not looked at since `looked_before`.
        """
        of_it = exists().where(lanes.c.endpoint_id == endpoints.c.id, is_free(now))
        is_down = endpoints.c.is_down
        statement = select(endpoints.c.id).where(
            endpoints.c.state == EndpointState.ENABLED.value,
            or_(
                and_(not_(is_down), of_it.where(lanes.c.due_at <= now)),
                and_(is_down, endpoints.c.look_at <= now, of_it.where(lanes.c.due_at.is_not(None))),
                and_(
                    is_down,
                    endpoints.c.is_reached,
                    endpoints.c.looked_at <= looked_before,
                    of_it.where(lanes.c.due_at <= now, lanes.c.attempt == 0),
                ),
            ),
        )
        async with read(self._database) as connection:
            return tuple(EndpointId(name) for name in (await connection.execute(statement)).scalars())

    async def owed(self, claimed: Sequence[Lane], limit: int) -> dict[int, tuple[Event, ...]]:
        """Read the next events of each lane's account up to its head, in order, at most `limit` each."""
        found: dict[int, tuple[Event, ...]] = {}
        async with read(self._database) as connection:
            for some in batches(claimed, limits.LANES_READ):
                of_lane = [_next_events(lane, limit) for lane in some]
                rows = await connection.execute(
                    select(events).where(events.c.position.in_(of_lane[0].union_all(*of_lane[1:])))
                    if len(of_lane) > 1
                    else select(events).where(events.c.position.in_(of_lane[0]))
                )
                by_account: dict[str, list[Event]] = {}
                for row in sorted(rows, key=lambda row: row.position):
                    by_account.setdefault(row.account_id or "", []).append(event_from(row))
                for lane in some:
                    own = by_account.get(lane.key.account, [])
                    next_ones = [event for event in own if lane.cursor < event.position <= lane.head]
                    found[lane.row] = tuple(next_ones[:limit])
        return found

    async def release(self, holder: str) -> None:
        """Give back all lanes a dispatcher holds: it has ended. With an empty holder those of all."""
        held = lanes.c.holder == holder if holder else lanes.c.holder.is_not(None)
        async with write(self._database) as connection:
            await connection.execute(update(lanes).where(held).values(holder=None, lease_until=None))

    async def oldest_owed(self) -> float | None:
        """Tell when the oldest event was written that an enabled endpoint is owed; None when there is none."""
        enabled = endpoints.c.state == EndpointState.ENABLED.value
        furthest = (
            select(lanes.c.account_id, lanes.c.cursor)
            .join(endpoints, endpoints.c.id == lanes.c.endpoint_id)
            .where(lanes.c.due_at.is_not(None), enabled)
            .order_by(lanes.c.cursor)
            .limit(1)
        )
        unrouted = select(events.c.timestamp).where(
            exists().where(enabled), events.c.position > select(router.c.position).scalar_subquery()
        )
        async with read(self._database) as connection:
            found = [(await connection.execute(unrouted.order_by(events.c.position).limit(1))).scalar_one_or_none()]
            lane = (await connection.execute(furthest)).one_or_none()
            if lane is not None:
                own = events.c.account_id == lane.account_id if lane.account_id else events.c.account_id.is_(None)
                owed = select(events.c.timestamp).where(own, events.c.position > lane.cursor)
                found.append((await connection.execute(owed.order_by(events.c.position).limit(1))).scalar_one_or_none())
        return min((at for at in found if at is not None), default=None)

    async def keep_after(self) -> int | None:
        """Tell the position behind which enabled endpoints are still owed events; None when none is owed any."""
        enabled = endpoints.c.state == EndpointState.ENABLED.value
        owed = (
            select(func.min(lanes.c.cursor))
            .join(endpoints, endpoints.c.id == lanes.c.endpoint_id)
            .where(lanes.c.due_at.is_not(None), enabled)
        )
        routed = select(func.min(router.c.position)).where(exists().where(enabled))
        async with read(self._database) as connection:
            found = [(await connection.execute(one)).scalar_one() for one in (owed, routed)]
        return min((position for position in found if position is not None), default=None)


def _next_events(lane: Lane, limit: int):  # type: ignore[no-untyped-def]
    own = events.c.account_id == lane.key.account if lane.key.account else events.c.account_id.is_(None)
    within = (events.c.position > lane.cursor, events.c.position <= lane.head)
    return select(select(events.c.position).where(own, *within).order_by(events.c.position).limit(limit).subquery())
