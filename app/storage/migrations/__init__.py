"""Migrations: the schema, step by step, the same steps on both engines.

A new step is a module in `versions/` whose `down_revision` names the newest one; the tests compare the outcome with
`app.storage.tables`. On SQLite a step runs with foreign keys off (moving a table would else cascade) and they are
checked before the commit.
"""

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from app.storage.dialect import FAILURES
from app.storage.engine import Database, unreachable
from app.storage.errors import StorageError
from app.storage.migrations.versions import made_by_newer, revisions
from app.storage.thread import in_thread


async def migrate(database: Database) -> None:
    """Bring the schema to the newest version, all steps in one transaction; of processes that start at once one does.

    Raises StorageError when the database was made by a newer version, or cannot be changed.
    """
    known = await in_thread(revisions)
    if await _current(database) != known[-1]:
        await in_thread(_climb, database)  # a thread: the steps are read from files


async def check(database: Database) -> None:
    """Raise StorageError unless the schema is exactly the one this version works with."""
    known = await in_thread(revisions)
    current = await _current(database)
    if current is not None and current not in known:
        raise made_by_newer(database.location)
    if current != known[-1]:
        raise StorageError(
            f"The database {database.location.shown} has an old schema; start the service to migrate it."
        )


def _climb(database: Database) -> None:
    from app.storage.migrations.climbing import climb

    climb(database.location, database.tls)


async def _current(database: Database) -> str | None:
    """Tell the revision of the schema; None when there is none yet. Raises StorageError."""
    try:
        async with database.reader.connect() as connection:
            return await connection.run_sync(_read_revision)
    except FAILURES as error:
        raise unreachable(database.location, error) from None


def _read_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found
