"""Connections to PostgreSQL."""

from ssl import SSLContext
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.storage import limits
from app.storage.location import Location


def pooled_engine(location: Location, tls: SSLContext | None) -> AsyncEngine:
    """Make the engine of a serving process; a connection that died while it lay in the pool is replaced unseen."""
    return _engine(location, tls, limits.POSTGRESQL_POOL, limits.STATEMENT)


def reading_engine(engine: AsyncEngine) -> AsyncEngine:
    """Make a view of an engine, on the same pool, whose transactions cannot write and see one snapshot."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def migrating_engine(location: Location, tls: SSLContext | None) -> AsyncEngine:
    """Make an engine for changing the schema: its statements may take as long as they need."""
    return _engine(location, tls, 1, None)


def _engine(location: Location, tls: SSLContext | None, connections: int, statement: float | None) -> AsyncEngine:
    arguments: dict[str, Any] = {
        "timeout": limits.CONNECT,
        "command_timeout": statement,
        "server_settings": {"application_name": "mailhatch"},
        "ssl": tls or False,
    }
    if location.url.password is None:
        arguments["password"] = ""  # else asyncpg reads ~/.pgpass for each connection, on the event loop
    return create_async_engine(
        location.url,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=limits.POOL_WAIT,
        pool_recycle=limits.POSTGRESQL_RECYCLE,
        pool_pre_ping=True,
        connect_args=arguments,
    )
