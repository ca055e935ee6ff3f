import asyncio
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from app.storage.engine import Database
from app.storage.errors import StorageError
from app.storage.migrations import check, migrate
from app.storage.tables import metadata
from app.storage.unit import read, write

ROOT = Path(__file__).parents[2]


async def test_the_steps_lead_to_the_tables(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    def partial_indexes(connection: Connection) -> set[str]:
        indexes = [index for table in metadata.tables for index in inspect(connection).get_indexes(table)]
        return {str(index["name"]) for index in indexes if any("where" in name for name in index["dialect_options"])}

    async with read(database) as connection:
        assert await connection.run_sync(differences) == []
        # Alembic does not compare conditions.
        assert await connection.run_sync(partial_indexes) == {
            "uq_accounts_external_id_no_tenant",
            "uq_mailboxes_account_id_server_id",
            "ix_lanes_endpoint_id_due_at",
            "ix_lanes_cursor",
        }


async def test_migrating_again_changes_nothing(database: Database) -> None:
    async with write(database) as connection:
        await connection.execute(text("INSERT INTO meta VALUES ('kept', 'yes')"))
    await migrate(database)
    await check(database)
    async with read(database) as connection:
        kept = await connection.execute(text("SELECT value FROM meta WHERE key = 'kept'"))
        assert kept.scalar_one() == "yes"


async def test_an_empty_database_does_not_pass_the_check(empty_url: str) -> None:
    database = await Database.open(empty_url)
    try:
        with pytest.raises(StorageError, match="old schema"):
            await check(database)
        await migrate(database)
        await check(database)
    finally:
        await database.close()


async def test_a_database_of_a_newer_version_is_left_alone(empty_url: str) -> None:
    database = await Database.open(empty_url)
    try:
        await migrate(database)
        async with write(database) as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        for attempt in (migrate(database), check(database)):
            with pytest.raises(StorageError, match="newer version"):
                await attempt
    finally:
        await database.close()


async def test_processes_that_start_at_once_all_find_a_migrated_database(empty_url: str) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-m", "tests.storage.starting", empty_url),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in started:
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, out, err) == (0, b"ready\n", b"")


async def test_a_step_that_fails_leaves_nothing_behind(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = await Database.open(empty_url)
    try:
        async with write(database) as connection:
            await connection.execute(text("CREATE TABLE tokens (id TEXT)"))  # in the way of a late statement
        with pytest.raises(Exception, match="tokens"):
            await migrate(database)
        async with read(database) as connection:
            tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert tables == ["tokens"]
    finally:
        await database.close()
