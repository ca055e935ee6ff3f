"""Transactions: short, and never open across the network."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage import limits
from app.storage.engine import Database
from app.storage.faults import LostRace, translated

Result = TypeVar("Result")


@asynccontextmanager
async def read(database: Database) -> AsyncIterator[AsyncConnection]:
    """Give a connection that sees one snapshot and cannot write. Raises StorageUnavailable."""
    with translated():
        async with database.reader.connect() as connection:
            yield connection


@asynccontextmanager
async def write(database: Database) -> AsyncIterator[AsyncConnection]:
    """Give a connection in a transaction that commits at the end of the block and rolls back on any error.

    Raises StorageUnavailable (LostRace after a deadlock). IntegrityError passes: the block's owner knows its meaning,
    and `app.storage.dialect.condition` tells which one it is.
    """
    with translated():
        async with database.writer.begin() as connection:
            yield connection


async def repeat(database: Database, work: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    """Run `work` in a writing transaction, again from its start if it loses a race; it must have no other effects."""
    for _ in range(limits.ATTEMPTS - 1):
        try:
            async with write(database) as connection:
                return await work(connection)
        except LostRace:
            continue
    async with write(database) as connection:
        return await work(connection)
