"""Claiming lanes: of each endpoint as many as it may take, whatever else is due."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.ids import AccountId
from app.domain.lanes import Claim, Lane, LaneKey
from app.domain.webhooks import EndpointId
from app.storage import limits
from app.storage.batches import batches
from app.storage.dialect import claim
from app.storage.webhook_tables import lanes


async def claim_lanes(
    connection: AsyncConnection, claims: Sequence[Claim], holder: str, now: float, lease_until: float
) -> tuple[Lane, ...]:
    """Take lanes that nobody holds; each gets the next fence."""
    taken: list[Lane] = []
    for some in batches(claims, limits.CLAIMS):
        found = [select(_wanted(one, now).subquery().c.row) for one in some]
        statement = (
            update(lanes)
            .where(lanes.c.row.in_(union_all(*found) if len(found) > 1 else found[0]), is_free(now))
            .values(holder=holder, lease_until=lease_until, fence=lanes.c.fence + 1)
            .returning(*lanes.c)
        )
        taken += [lane_from(row) for row in await connection.execute(statement)]
    return tuple(taken)


def is_free(now: float) -> ColumnElement[bool]:
    """Whether nobody holds a lane: a claim whose lease is over is nobody's."""
    return or_(lanes.c.lease_until.is_(None), lanes.c.lease_until <= now)


def lane_from(row: Any) -> Lane:
    """Read a lane."""
    return Lane(
        row=row.row,
        key=LaneKey(EndpointId(row.endpoint_id), AccountId(row.account_id), row.slot),
        cursor=row.cursor,
        head=row.head,
        attempt=row.attempt,
        first_failed_at=row.first_failed_at,
        fence=row.fence,
    )


def _wanted(one: Claim, now: float) -> Select[int]:
    """A look takes the lane that was tried least: when others' events fail, it is a new one that finds out."""
    statement = select(lanes.c.row).where(
        lanes.c.endpoint_id == one.endpoint, lanes.c.due_at.is_not(None), is_free(now)
    )
    if one.is_new_only:
        statement = statement.where(lanes.c.attempt == 0)
    if not one.is_look:
        statement = statement.where(lanes.c.due_at <= now)
    order = (lanes.c.attempt, lanes.c.due_at) if one.is_look else (lanes.c.due_at,)
    return claim(statement.order_by(*order).limit(one.lanes))
