import asyncio
import gc
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.errors import InvalidRequest, StorageUnavailable
from app.storage import limits
from app.storage.dialect import Condition, condition
from app.storage.engine import Database
from app.storage.faults import LostRace
from app.storage.tables import account_secrets, meta
from app.storage.unit import read, repeat, write
from tests.support.postgres import PostgresServer


async def _put(database: Database, key: str, value: str) -> None:
    async with write(database) as connection:
        await connection.execute(insert(meta).values(key=key, value=value))


async def _value(database: Database, key: str) -> str | None:
    async with read(database) as connection:
        found: str | None = (
            await connection.execute(select(meta.c.value).where(meta.c.key == key))
        ).scalar_one_or_none()
        return found


async def test_a_block_that_raises_writes_nothing(database: Database) -> None:
    async def write_and_fail() -> None:
        async with write(database) as connection:
            await connection.execute(insert(meta).values(key="k", value="v"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    assert await _value(database, "k") is None


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises((DBAPIError, StorageUnavailable)):
        async with read(database) as connection:
            await connection.execute(insert(meta).values(key="k", value="v"))
    await _put(database, "k", "v")


async def test_a_reader_sees_one_snapshot(database: Database) -> None:
    await _put(database, "k", "old")
    statement = select(meta.c.value).where(meta.c.key == "k")
    async with read(database) as connection:
        assert (await connection.execute(statement)).scalar_one() == "old"
        async with write(database) as writer:
            await writer.execute(update(meta).values(value="new"))
        assert (await connection.execute(statement)).scalar_one() == "old"
    assert await _value(database, "k") == "new"


async def test_concurrent_counters_lose_nothing(database: Database, url: str) -> None:
    await _put(database, "count", "0")
    other = await Database.open(url)  # as another process would

    async def add(mine: Database) -> None:
        for _ in range(25):
            async with write(mine) as connection:
                locked = select(meta.c.value).where(meta.c.key == "count").with_for_update()
                value = int((await connection.execute(locked)).scalar_one())
                await connection.execute(update(meta).where(meta.c.key == "count").values(value=str(value + 1)))

    try:
        await asyncio.gather(*(add(mine) for mine in (database, other, database, other)))
    finally:
        await other.close()
    assert await _value(database, "count") == "100"


# Python 3.13 warns of connections to SQLite that the collector closes: those that were cut while they were made.
@pytest.mark.filterwarnings("ignore:.*sqlite3.Connection:pytest.PytestUnraisableExceptionWarning")
async def test_writers_that_are_cancelled_leave_no_lock_behind(database: Database) -> None:
    dice = random.Random(20)
    for number in range(60):
        task = asyncio.create_task(_put(database, f"k{number}", "v"))
        for _ in range(dice.randrange(120)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    await asyncio.wait_for(_put(database, "last", "v"), 5)
    assert await _value(database, "last") == "v"
    await database.ping()
    gc.collect()


async def test_what_an_error_means_is_told_by_its_code(database: Database) -> None:
    await _put(database, "k", "v")
    with pytest.raises(IntegrityError) as duplicate:
        await _put(database, "k", "v")
    assert condition(duplicate.value) is Condition.DUPLICATE
    orphan = {"account_id": "acc_x", "sealed": b"", "key_id": "k1", "sealed_at": 1.0}
    with pytest.raises(IntegrityError) as no_parent:
        async with write(database) as connection:
            await connection.execute(insert(account_secrets).values(orphan))
    assert condition(no_parent.value) is Condition.NO_PARENT
    with pytest.raises(DBAPIError) as mistake:
        async with write(database) as connection:
            await connection.execute(text("SELECT * FROM nowhere"))
    assert condition(mistake.value) is Condition.MISTAKE


async def test_a_value_no_engine_can_hold_is_the_callers_mistake(database: Database) -> None:
    for odd in ("nul\0", "half \ud800"):
        with pytest.raises(InvalidRequest):
            await _put(database, "k", odd)
    with pytest.raises(InvalidRequest):
        await _put(database, "k" * (limits.KEY_BYTES + 1), "v")
    await _put(database, "k" * limits.KEY_BYTES, "v")


async def test_when_every_connection_is_busy_the_caller_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.writer.pool, "_timeout", 0.01)
    async with asyncio.TaskGroup() as group:
        free = asyncio.Event()
        taken = asyncio.Semaphore(0)

        async def hold() -> None:
            async with write(database):
                taken.release()
                await free.wait()

        holders = [group.create_task(hold()) for _ in range(database.writer.pool.size())]  # type: ignore[attr-defined]  # a QueuePool
        for _ in holders:
            await taken.acquire()
        with pytest.raises(StorageUnavailable) as refused:
            await _put(database, "k", "v")
        assert refused.value.retry_after == limits.RETRY_AFTER
        free.set()
    await _put(database, "k", "v")


async def test_another_process_that_writes_too_long_is_unavailable_for_now(
    tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SQLITE_BUSY", 0.01)
    shutil.copy(migrated_sqlite, tmp_path / "mail.db")
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'mail.db'}")
    assert database.location.path is not None
    other = sqlite3.connect(database.location.path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable):
            await _put(database, "k", "v")
        assert await _value(database, "k") is None  # readers go on
        other.execute("ROLLBACK")
        await _put(database, "k", "v")
    finally:
        other.close()
        await database.close()


@pytest.mark.postgresql
async def test_a_connection_that_died_in_the_pool_is_replaced_unseen(
    postgres: PostgresServer, migrated_postgres: str
) -> None:
    database = await Database.open(postgres.url(migrated_postgres))
    try:
        for _ in range(2):
            await database.ping()
            postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mailhatch'")
        await database.ping()
    finally:
        await database.close()


@pytest.mark.postgresql
async def test_a_connection_that_dies_in_a_transaction_is_unavailable(
    postgres: PostgresServer, migrated_postgres: str
) -> None:
    database = await Database.open(postgres.url(migrated_postgres))
    try:
        with pytest.raises(StorageUnavailable):
            async with write(database) as connection:
                await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        await database.ping()
    finally:
        await database.close()


async def test_work_that_loses_a_race_is_done_again(database: Database) -> None:
    attempts = 0

    async def work(connection: AsyncConnection) -> str:
        nonlocal attempts
        attempts += 1
        await connection.execute(insert(meta).values(key=f"k{attempts}", value="v"))
        if attempts < limits.ATTEMPTS:
            raise LostRace("lost")
        return "won"

    assert await repeat(database, work) == "won"
    assert [await _value(database, f"k{number}") for number in (1, 2, 3, 4)] == [None, None, None, "v"]


async def test_work_that_always_loses_ends(database: Database) -> None:
    attempts = 0

    async def work(connection: AsyncConnection) -> None:
        nonlocal attempts
        attempts += 1
        raise LostRace("lost")

    with pytest.raises(StorageUnavailable):
        await repeat(database, work)
    assert attempts == limits.ATTEMPTS


@pytest.mark.postgresql
async def test_a_deadlock_is_a_lost_race(postgres: PostgresServer, migrated_postgres: str) -> None:
    database = await Database.open(postgres.url(migrated_postgres))
    meeting = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with write(database) as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": first})
            await meeting.wait()
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": second})

    try:
        outcomes = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    finally:
        await database.close()
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [LostRace]
