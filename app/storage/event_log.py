"""Writing to the event log, as the end of somebody's transaction."""

import secrets
from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import NotFound
from app.domain.events import Event, NewEvent
from app.domain.ids import AccountId
from app.domain.positions import LogHead
from app.storage import limits
from app.storage.batches import batches
from app.storage.dialect import upsert
from app.storage.event_rows import Counted, event_values, number_events
from app.storage.tables import accounts, events, log_head

_HEAD = 1


async def count_events(connection: AsyncConnection, account_id: AccountId, count: int) -> Counted:
    """Take the next `count` sequence numbers of an account, and let no other commit of it go on before this one.

    To be the first thing a transaction does: two that write several mailboxes would else block each other. Raises
    NotFound when the account is gone.
    """
    taken = (
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(event_sequence=accounts.c.event_sequence + count)
        .returning(accounts.c.event_sequence, accounts.c.external_id, accounts.c.tenant)
    )
    row = (await connection.execute(taken)).one_or_none()
    if row is None:
        raise NotFound("No such account.")
    return Counted(account_id, row.external_id, row.tenant, row.event_sequence - count)


async def write_events(
    connection: AsyncConnection, counted: Counted, new: Sequence[NewEvent], now: float
) -> tuple[Event, ...]:
    """Write an account's events: to be the last thing a transaction does.

    The head's row stays locked until the commit, so whoever takes later positions commits later.
    """
    if not new:
        return ()
    position = await _advance(connection, len(new)) - len(new)
    numbered = number_events(new, counted, position, now)
    await _insert(connection, numbered)
    return numbered


async def write_general_events(
    connection: AsyncConnection, tenant: str | None, new: Sequence[NewEvent], now: float
) -> tuple[Event, ...]:
    """Write events that belong to no account: to be the last thing a transaction does."""
    position = await _advance(connection, len(new)) - len(new)
    numbered = number_events(new, Counted(None, None, tenant, position), position, now)
    await _insert(connection, numbered)
    return numbered


async def read_head(connection: AsyncConnection) -> LogHead | None:
    """Read where the log stands; None before it has begun."""
    columns = (log_head.c.epoch, log_head.c.position, log_head.c.floor)
    row = (await connection.execute(select(*columns).where(log_head.c.id == _HEAD))).one_or_none()
    return None if row is None else LogHead(*row)


async def begin_log(connection: AsyncConnection) -> None:
    """Make the head's row, unless it is there."""
    row = {"id": _HEAD, "epoch": new_epoch(), "position": 0, "floor": 0}
    await connection.execute(upsert(connection, log_head, [row], keys=["id"], overwrite=False))


async def set_head(connection: AsyncConnection, **values: int) -> None:
    """Write fields of the head's row."""
    await connection.execute(update(log_head).where(log_head.c.id == _HEAD).values(**values))


def new_epoch() -> int:
    """Choose an identity for a log."""
    return secrets.randbits(62) | 1


async def _advance(connection: AsyncConnection, count: int) -> int:
    """Take the next `count` positions and answer the last of them."""
    taken = (
        update(log_head)
        .where(log_head.c.id == _HEAD)
        .values(position=log_head.c.position + count)
        .returning(log_head.c.position)
    )
    position: int | None = (await connection.execute(taken)).scalar_one_or_none()
    if position is None:
        await begin_log(connection)
        position = (await connection.execute(taken)).scalar_one()
    return position


async def _insert(connection: AsyncConnection, numbered: Sequence[Event]) -> None:
    rows = [event_values(event) for event in numbered]
    for some in batches(rows, limits.EVENT_ROWS):
        await connection.execute(insert(events).values(some))
