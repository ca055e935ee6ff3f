"""One transaction of a dispatcher."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Double, Integer, bindparam, case, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.events import EndpointChanged, EventType, NewEvent
from app.domain.ids import new_row
from app.domain.lanes import LIVE, Claim, Delivery, Lane, Parked, Report, Wake
from app.domain.ports.webhooks import RouterState
from app.domain.webhooks import (
    DisabledReason,
    Endpoint,
    EndpointHealth,
    EndpointId,
    EndpointKey,
    EndpointState,
)
from app.security.vault import Vault
from app.storage import limits
from app.storage.batches import batches
from app.storage.dialect import upsert
from app.storage.endpoint_rows import delivery_values, endpoint_from, health_values, reason_text
from app.storage.endpoints import changed, read_keys
from app.storage.event_log import write_general_events
from app.storage.lane_claims import claim_lanes
from app.storage.webhook_tables import deliveries, endpoints, lanes, router

_LANE_KEY = ("endpoint_id", "account_id", "slot")

_RECORD = (
    update(lanes)
    .where(lanes.c.row == bindparam("at_row"))
    .values(
        cursor=bindparam("to_cursor"),
        attempt=bindparam("to_attempt"),
        first_failed_at=bindparam("to_first_failed_at", type_=Double),
        due_at=case(
            (bindparam("to_due_at", type_=Double).is_not(None), bindparam("to_due_at", type_=Double)),
            (lanes.c.head > bindparam("to_cursor"), bindparam("now", type_=Double)),
            (bindparam("is_kept", type_=Integer) == 1, bindparam("now", type_=Double)),
            else_=None,
        ),
        holder=case((bindparam("is_kept", type_=Integer) == 1, lanes.c.holder), else_=None),
        lease_until=bindparam("to_lease_until", type_=Double),
    )
)


class SqlTurn:
    """Implements `app.domain.ports.Turn`; `finish` is its end."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        """Take a connection in a writing transaction."""
        self._connection = connection
        self._vault = vault
        self._told: list[tuple[str | None, NewEvent, float]] = []

    async def endpoints(self, ids: Sequence[EndpointId]) -> dict[EndpointId, Endpoint]:
        """Read endpoints, and hold them until the end of the turn; those gone are left out."""
        found: dict[EndpointId, Endpoint] = {}
        for some in batches(sorted(ids), limits.PARAMETERS):  # one order for all, so that nobody waits in a circle
            statement = select(endpoints).where(endpoints.c.id.in_(some)).order_by(endpoints.c.id).with_for_update()
            found |= {EndpointId(row.id): endpoint_from(row) for row in await self._connection.execute(statement)}
        return found

    async def keys(self, ids: Sequence[EndpointId]) -> dict[EndpointId, tuple[EndpointKey, ...]]:
        """Decrypt the secrets of endpoints."""
        return await read_keys(self._connection, self._vault, ids)

    async def record(
        self, reports: Sequence[Report], deliveries: Mapping[int, Sequence[Delivery]], now: float
    ) -> frozenset[int]:
        """Write what became of lanes and, by lane, their attempts; answers the lanes whose fence does not hold."""
        by_row = {report.row: report for report in reports}
        held = select(lanes.c.row, lanes.c.fence).where(lanes.c.row.in_(list(by_row))).order_by(lanes.c.row)
        found = (await self._connection.execute(held.with_for_update())).all()
        fences = {lane.row: lane.fence for lane in found}
        kept = [report for report in reports if fences.get(report.row) == report.fence]
        if kept:
            await self._connection.execute(_RECORD, [_recorded(report, now) for report in kept])
            ended = [report.row for report in kept if not report.is_kept and report.due_at is None]
            over = delete(lanes).where(lanes.c.row.in_(ended), lanes.c.slot != LIVE, lanes.c.due_at.is_(None))
            await self._connection.execute(over)
        await self._log([one for report in kept for one in deliveries.get(report.row, ())])
        return frozenset(by_row) - {report.row for report in kept}

    async def park(self, parked: Sequence[Parked]) -> None:
        """Give events lanes of their own; one that is there already becomes due."""
        rows = [
            new_lane(
                *(one.key.endpoint, one.key.account, one.key.slot),
                after=one.position - 1,
                until=one.position,
                due_at=one.due_at,
                attempt=one.attempt,
                first_failed_at=one.first_failed_at,
            )
            for one in parked
        ]
        await add_lanes(self._connection, rows)

    async def set_health(self, endpoint_id: EndpointId, health: EndpointHealth) -> None:
        """Write how deliveries go."""
        statement = update(endpoints).where(endpoints.c.id == endpoint_id).values(health_values(health))
        await self._connection.execute(statement)

    async def make_due(self, endpoint_id: EndpointId, now: float) -> None:
        """Make everything due that the endpoint is owed."""
        owed = (lanes.c.endpoint_id == endpoint_id, lanes.c.due_at > now)
        await self._connection.execute(update(lanes).where(*owed).values(due_at=now))

    async def disable(self, endpoint: Endpoint, reason: DisabledReason) -> None:
        """Disable an endpoint, drop what it is owed, and write the event that tells of it."""
        await changed(self._connection)
        statement = (
            update(endpoints)
            .where(endpoints.c.id == endpoint.id)
            .values(
                state=EndpointState.DISABLED.value,
                reason=reason_text(reason),
                updated_at=reason.at,
                revision=endpoints.c.revision + 1,
            )
        )
        await self._connection.execute(statement)
        await self._connection.execute(delete(lanes).where(lanes.c.endpoint_id == endpoint.id))
        told = NewEvent(EventType.ENDPOINT_DISABLED, EndpointChanged(endpoint.id, reason.code, reason.detail))
        self._told.append((endpoint.wants.tenant, told, reason.at))

    async def route(self, was: RouterState, position: int, wakes: Sequence[Wake], now: float) -> bool:
        """Move on in the log and wake lanes; False, with nothing done, when another dispatcher was faster."""
        moved = (
            update(router)
            .where(router.c.position == was.position, router.c.version == was.version)
            .values(position=position)
        )
        if (await self._connection.execute(moved)).rowcount != 1:
            return False
        rows = [
            new_lane(
                wake.key.endpoint, wake.key.account, wake.key.slot, after=wake.first - 1, until=wake.last, due_at=now
            )
            for wake in wakes
        ]
        rows.sort(key=lambda row: (row["endpoint_id"], row["account_id"]))
        for some in batches(rows, limits.LANE_ROWS):
            await self._connection.execute(upsert(self._connection, lanes, some, keys=_LANE_KEY, merge=_woken))
        return True

    async def claim(self, claims: Sequence[Claim], holder: str, now: float, lease_until: float) -> tuple[Lane, ...]:
        """Take lanes that nobody holds."""
        return await claim_lanes(self._connection, claims, holder, now, lease_until) if claims else ()

    async def finish(self) -> None:
        """Write the events, which must be a transaction's last statements."""
        for tenant, event, at in self._told:
            await write_general_events(self._connection, tenant, [event], at)

    async def _log(self, made: Sequence[Delivery]) -> None:
        for some in batches([delivery_values(one) for one in made], limits.DELIVERY_ROWS):
            await self._connection.execute(insert(deliveries), some)


async def add_lanes(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert lanes that end with their last event; one that is there already becomes due sooner."""

    def sooner(new: Any) -> dict[str, Any]:
        return {"due_at": case((lanes.c.due_at < new.due_at, lanes.c.due_at), else_=new.due_at)}

    for some in batches(rows, limits.LANE_ROWS):
        await connection.execute(upsert(connection, lanes, some, keys=_LANE_KEY, merge=sooner))


def new_lane(
    endpoint: str,
    account: str,
    slot: str,
    *,
    after: int,
    until: int,
    due_at: float,
    attempt: int = 0,
    first_failed_at: float | None = None,
) -> dict[str, Any]:
    """Spell a lane that nobody has held yet: it is owed the events after a position up to another."""
    return {
        "row": new_row(),
        "endpoint_id": endpoint,
        "account_id": account,
        "slot": slot,
        "cursor": after,
        "head": until,
        "attempt": attempt,
        "first_failed_at": first_failed_at,
        "due_at": due_at,
        "holder": None,
        "lease_until": None,
        "fence": 0,
    }


def _woken(new: Any) -> dict[str, Any]:
    """An idle lane begins with the first of the events; one that is owed something goes on where it is."""
    is_idle = lanes.c.due_at.is_(None)
    return {
        "cursor": case((is_idle, new.cursor), else_=lanes.c.cursor),
        "head": case((lanes.c.head > new.head, lanes.c.head), else_=new.head),
        "due_at": case((is_idle, new.due_at), else_=lanes.c.due_at),
    }


def _recorded(report: Report, now: float) -> dict[str, Any]:
    return {
        "at_row": report.row,
        "to_cursor": report.cursor,
        "to_attempt": report.attempt,
        "to_first_failed_at": report.first_failed_at,
        "to_due_at": report.due_at,
        "to_lease_until": report.lease_until,
        "is_kept": int(report.is_kept),
        "now": now,
    }
