"""Connections to a SQLite file."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.storage import limits
from app.storage.errors import StorageError
from app.storage.location import Location


def prepare_file(path: Path) -> None:
    """Make folder and file, for their owner alone; SQLite gives its side files the mode of the database.

    Raises StorageError when they cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StorageError(f"The database file {path} cannot be written: {error.strerror}.") from None


def writing_engine(location: Location) -> AsyncEngine:
    """Make the engine of the one writing connection.

    Its transactions begin with BEGIN IMMEDIATE: with a plain BEGIN, two that read before they write cannot both go on.
    """
    return _engine(location, "BEGIN IMMEDIATE", 1, limits.SQLITE_BUSY, ("foreign_keys = ON",))


def reading_engine(location: Location) -> AsyncEngine:
    """Make the engine of connections that cannot write; each transaction sees one snapshot."""
    return _engine(location, "BEGIN", limits.SQLITE_READERS, limits.SQLITE_BUSY, ("query_only = ON",))


def migrating_engine(location: Location) -> AsyncEngine:
    """Make an engine for changing the schema: it waits long for its turn, and moving a table must not cascade."""
    return _engine(location, "BEGIN IMMEDIATE", 1, limits.MIGRATION_WAIT, ("foreign_keys = OFF",))


def _engine(location: Location, begin: str, connections: int, busy: float, pragmas: tuple[str, ...]) -> AsyncEngine:
    engine = create_async_engine(
        location.url,
        hide_parameters=True,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=limits.POOL_WAIT,
        connect_args={"isolation_level": None},  # no hidden BEGIN of Python's; ours is below
    )
    settings = (
        f"busy_timeout = {int(busy * 1000)}",  # first: the next one may have to wait
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = ON",  # erased secrets are overwritten
        "trusted_schema = OFF",
        f"journal_size_limit = {limits.SQLITE_WAL}",
        *pragmas,
    )

    def settle(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for setting in settings:
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", settle)
    event.listen(engine.sync_engine, "begin", start)
    return engine
