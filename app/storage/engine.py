"""Engines: how a process is connected to its database.

SQLite has one writing connection, whose transactions begin with BEGIN IMMEDIATE (the plain default silently loses
concurrent read-modify-writes), and a few reading ones. PostgreSQL has one pool; reads see one snapshot there too.
"""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any, Self

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.storage import limits
from app.storage.dialect import FAILURES, Condition, condition
from app.storage.errors import StorageError
from app.storage.faults import translated
from app.storage.location import Location, locate

_REASONS = {
    Condition.REFUSED: "it refused the login: check user, password and permissions",
    Condition.NO_DATABASE: "there is no such database, or the file is not one",
}


class Database:
    """An open database: `writer` and `reader` are its engines, used through `app.storage.unit` alone."""

    def __init__(self, location: Location, writer: AsyncEngine, reader: AsyncEngine) -> None:
        """Take ready engines; `open` makes them."""
        self.location = location
        self.writer = writer
        self.reader = reader

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect. A SQLite file and its folder are made if missing, readable by their owner alone.

        Raises StorageError for a URL that cannot be used and for a database that cannot be reached.
        """
        location = locate(url)
        _hush()
        if location.path is not None:
            await asyncio.to_thread(_prepare_file, location.path)
            writer = sqlite_engine(location, begin="BEGIN IMMEDIATE", pool_size=1)
            reader = sqlite_engine(location, begin="BEGIN", pool_size=limits.SQLITE_READERS)
        else:
            writer = postgresql_engine(location)
            reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        database = cls(location, writer, reader)
        try:
            await database._connect()
        except BaseException:
            await database.close()
            raise
        return database

    async def ping(self) -> None:
        """Find out whether the database answers. Raises StorageUnavailable."""
        with translated():
            async with self.reader.connect() as connection:
                await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection; a SQLite database folds its write-ahead log into the file."""
        await self.reader.dispose()
        await self.writer.dispose()

    async def _connect(self) -> None:
        for engine in (self.writer, self.reader):
            try:
                async with engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))
            except FAILURES as error:
                raise unreachable(self.location, error) from None  # the driver's own text may quote the address

    def __repr__(self) -> str:
        """Name the place and what the writing pool does; never the password."""
        return f"Database({self.location.shown!r}, writer={self.writer.pool.status()!r})"


def unreachable(location: Location, error: BaseException) -> StorageError:
    """Say in one sentence why a database cannot be used."""
    reason = _REASONS.get(condition(error), "it cannot be reached: check that it is there, runs and may be written")
    return StorageError(f"The database {location.shown} cannot be used; {reason} ({_kind(error)}).")


def sqlite_engine(
    location: Location, *, begin: str, pool_size: int, busy: float = limits.SQLITE_BUSY, foreign_keys: bool = True
) -> AsyncEngine:
    """Make an engine on a SQLite file whose transactions start with the statement `begin`."""
    engine = create_async_engine(
        location.url,
        hide_parameters=True,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=limits.POOL_WAIT,
        connect_args={"isolation_level": None},  # no hidden BEGIN of Python's; ours is below
    )
    pragmas = (
        f"busy_timeout = {int(busy * 1000)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        "secure_delete = ON",
        "trusted_schema = OFF",
        f"journal_size_limit = {limits.SQLITE_WAL}",
        f"query_only = {'OFF' if 'IMMEDIATE' in begin else 'ON'}",
    )

    def settle(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", settle)
    event.listen(engine.sync_engine, "begin", start)
    return engine


def postgresql_engine(
    location: Location, *, pool_size: int = limits.POSTGRESQL_POOL, statement: float | None = limits.STATEMENT
) -> AsyncEngine:
    """Make an engine on PostgreSQL; `statement` is the deadline of one statement in seconds."""
    return create_async_engine(
        location.url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=limits.POOL_WAIT,
        pool_recycle=limits.POSTGRESQL_RECYCLE,
        pool_pre_ping=True,
        connect_args={
            "timeout": limits.CONNECT,
            "command_timeout": statement,
            "server_settings": {"application_name": "mailhatch"},
        },
    )


def _prepare_file(path: Path) -> None:
    """Make folder and file, for their owner alone; SQLite gives its side files the mode of the database."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StorageError(f"The database file {path} cannot be written: {error.strerror}.") from None


def _hush() -> None:
    """Keep statements and their values out of the logs: the drivers write both at level debug."""
    for name in ("aiosqlite", "sqlalchemy", "alembic"):
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)


def _kind(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return type(cause).__name__
