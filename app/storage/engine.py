"""An open database.

SQLite has one writing connection and a few reading ones. PostgreSQL has one pool; reads see one snapshot there too.
"""

import logging
from ssl import SSLContext
from typing import Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage import postgresql, sqlite
from app.storage.dialect import FAILURES, Condition, condition
from app.storage.errors import StorageError
from app.storage.faults import translated
from app.storage.location import Location, locate
from app.storage.thread import in_thread
from app.storage.tls import TlsMode, tls_context

_REASONS = {
    Condition.REFUSED: "it refused the login: check user, password and permissions",
    Condition.NO_DATABASE: "there is no such database, or the file is not one",
}


class Database:
    """An open database: `writer` and `reader` are its engines, used through `app.storage.unit` alone."""

    def __init__(self, location: Location, writer: AsyncEngine, reader: AsyncEngine, tls: SSLContext | None) -> None:
        """Take ready engines; `open` makes them. `tls` is what further connections are to be encrypted with."""
        self.location = location
        self.writer = writer
        self.reader = reader
        self.tls = tls

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect. A SQLite file and its folder are made if missing, readable by their owner alone.

        Raises StorageError for a URL that cannot be used and for a database that cannot be reached.
        """
        location = locate(url)
        _hush()
        # `prefer` is settled here: later connections are not talked out of TLS.
        first: TlsMode = "require" if location.tls == "prefer" else location.tls
        try:
            return await cls._try(location, first)
        except ConnectionError as error:
            if location.tls != "prefer":
                raise unreachable(location, error) from None
        try:
            return await cls._try(location, "disable")
        except ConnectionError as error:
            raise unreachable(location, error) from None

    async def ping(self) -> None:
        """Find out whether the database answers. Raises StorageUnavailable."""
        with translated():
            async with self.reader.connect() as connection:
                await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection; a SQLite database folds its write-ahead log into the file."""
        await self.reader.dispose()
        await self.writer.dispose()

    @classmethod
    async def _try(cls, location: Location, tls: TlsMode) -> Self:
        database = await in_thread(cls._prepare, location, tls)
        try:
            for engine in (database.writer, database.reader):
                async with engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))
        except ConnectionError:
            await database.close()
            raise
        except FAILURES as error:
            await database.close()
            raise unreachable(location, error) from None  # the driver's own text may quote the address
        except BaseException:
            await database.close()
            raise
        return database

    @classmethod
    def _prepare(cls, location: Location, tls: TlsMode) -> Self:
        if location.path is not None:
            sqlite.prepare_file(location.path)
            return cls(location, sqlite.writing_engine(location), sqlite.reading_engine(location), None)
        context = tls_context(tls, location.authorities)
        engine = postgresql.pooled_engine(location, context)
        return cls(location, engine, postgresql.reading_engine(engine), context)

    def __repr__(self) -> str:
        """Name the place and what the writing pool does; never the password."""
        return f"Database({self.location.shown!r}, writer={self.writer.pool.status()!r})"


def unreachable(location: Location, error: BaseException) -> StorageError:
    """Say in one sentence why a database cannot be used."""
    reason = _REASONS.get(condition(error), "it cannot be reached or is busy: check that it runs and may be written")
    cause = getattr(error, "orig", None) or error
    return StorageError(f"The database {location.shown} cannot be used; {reason} ({type(cause).__name__}).")


def _hush() -> None:
    """Keep statements and their values out of the logs: the drivers write both at level debug."""
    for name in ("aiosqlite", "sqlalchemy", "alembic"):
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)
