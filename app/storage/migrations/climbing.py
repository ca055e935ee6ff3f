"""The steps themselves, by Alembic. Imported when there is a step to take: it brings 15 MB that a running service does
not need.
"""

import asyncio
from pathlib import Path
from ssl import SSLContext

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage import limits, postgresql, sqlite
from app.storage.dialect import FAILURES, Condition, condition
from app.storage.engine import unreachable
from app.storage.errors import StorageError
from app.storage.location import Location
from app.storage.migrations.versions import made_by_newer

_LOCK = 0x4D61696C68617463
"""Key of the advisory lock on PostgreSQL: the name of this project in ASCII."""


def climb(location: Location, tls: SSLContext | None) -> None:
    """Take all steps that are missing, in one transaction. Raises StorageError."""
    scripts = _scripts()
    engine = sqlite.migrating_engine(location) if location.path else postgresql.migrating_engine(location, tls)
    asyncio.run(_upgrade(location, scripts, engine))


async def _upgrade(location: Location, scripts: ScriptDirectory, engine: AsyncEngine) -> None:
    try:
        async with engine.begin() as connection:
            if location.path is None:
                await connection.execute(text(f"SET LOCAL lock_timeout = '{limits.MIGRATION_WAIT:.0f}s'"))
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(_climb, scripts, location)
            if location.path is not None and (await connection.execute(text("PRAGMA foreign_key_check"))).first():
                raise StorageError(f"The database {location.shown} was not migrated: references would be broken.")
    except FAILURES as error:
        if condition(error) is Condition.MISTAKE:
            raise
        raise unreachable(location, error) from None
    finally:
        await engine.dispose()


def _climb(connection: Connection, scripts: ScriptDirectory, location: Location) -> None:
    current = _current(connection)
    _known(scripts, current, location)
    context = MigrationContext.configure(connection)
    with Operations.context(context):
        for step in reversed(list(scripts.iterate_revisions("head", current or "base"))):
            step.module.upgrade()
            context.stamp(scripts, step.revision)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _known(scripts: ScriptDirectory, current: str | None, location: Location) -> None:
    if current is not None and current not in {step.revision for step in scripts.walk_revisions()}:
        raise made_by_newer(location)


def _scripts() -> ScriptDirectory:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(configuration)
    scripts.get_heads()  # reads every step now, while no event loop has to wait
    return scripts
