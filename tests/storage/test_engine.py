import asyncio
import logging
import stat
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.domain.errors import StorageUnavailable
from app.storage import limits
from app.storage.engine import Database
from app.storage.errors import StorageError
from app.storage.location import locate
from app.storage.unit import read, write
from tests.support.postgres import PostgresServer

SECRET = "hunter2-s3cret"


def _everything_printed(error: BaseException | None) -> str:
    printed = ""
    while error is not None:
        printed += f"{error!s}{error!r}"
        error = error.__cause__ if error.__suppress_context__ else error.__context__
    return printed


async def test_an_open_database_answers_and_hides_its_password(database: Database, url: str) -> None:
    await database.ping()
    password = make_url(url).password
    assert password is None or password not in repr(database)
    assert make_url(url).database is not None


async def test_a_database_that_went_away_is_unavailable(
    empty_url: str, engine_name: str, postgres_or_none: PostgresServer | None
) -> None:
    database = await Database.open(empty_url)
    try:
        await database.close()
        if postgres_or_none is None:
            assert database.location.path is not None
            for file in database.location.path.parent.glob("*"):
                file.unlink()
            database.location.path.mkdir()
        else:
            postgres_or_none.run(f"ALTER DATABASE {database.location.url.database} ALLOW_CONNECTIONS false")
        with pytest.raises(StorageUnavailable) as refused:
            await database.ping()
        assert refused.value.retry_after == limits.RETRY_AFTER
    finally:
        await database.close()


async def test_a_server_that_is_down_is_unavailable(unused_tcp_port: int) -> None:
    database = Database._prepare(locate(f"postgresql://u:{SECRET}@127.0.0.1:{unused_tcp_port}/mail"), "disable")
    try:
        with pytest.raises(StorageUnavailable) as refused:
            await database.ping()
        assert SECRET not in _everything_printed(refused.value)
    finally:
        await database.close()


async def test_sqlite_is_set_up_to_lose_nothing(migrated_sqlite: Path) -> None:
    database = await Database.open(f"sqlite+aiosqlite:///{migrated_sqlite}")
    expected = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "trusted_schema": 0, "busy_timeout": 10000}
    try:
        async with write(database) as connection:
            for pragma, value in (expected | {"foreign_keys": 1, "query_only": 0}).items():
                assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value, pragma
        async with read(database) as connection:
            for pragma, value in (expected | {"query_only": 1}).items():
                assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value, pragma
    finally:
        await database.close()


async def test_files_and_folder_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "mail.db"
    database = await Database.open(f"sqlite+aiosqlite:///{path}")
    try:
        async with write(database) as connection:
            await connection.execute(text("CREATE TABLE t (a TEXT)"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert modes == {"mail.db": 0o600, "mail.db-wal": 0o600, "mail.db-shm": 0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        await database.close()
    assert [file.name for file in path.parent.iterdir()] == ["mail.db"]  # nothing is left in the log


async def test_a_file_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    path.touch(0o644)
    await (await Database.open(f"sqlite+aiosqlite:///{path}")).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_path_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"The database file .*mail\.db cannot be written: "):
        await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'file' / 'mail.db'}")


async def test_a_file_that_is_no_database_is_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    path.write_bytes(b"This is a letter, not a database.\n" * 100)
    with pytest.raises(StorageError, match="no such database, or the file is not one"):
        await Database.open(f"sqlite+aiosqlite:///{path}")


async def test_a_closed_port_is_said_plainly(unused_tcp_port: int) -> None:
    with pytest.raises(StorageError, match="cannot be reached") as refused:
        await Database.open(f"postgresql://u:{SECRET}@127.0.0.1:{unused_tcp_port}/mail")
    assert SECRET not in _everything_printed(refused.value)
    assert f"mail at 127.0.0.1:{unused_tcp_port}" in str(refused.value)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("name", "user", "reason"),
    [
        ("postgres", "mailhatch", "refused the login"),
        ("postgres", "nobody", "refused the login"),
    ],
)
async def test_a_wrong_password_is_said_plainly(postgres: PostgresServer, name: str, user: str, reason: str) -> None:
    with pytest.raises(StorageError, match=reason) as refused:
        await Database.open(f"postgresql://{user}:{SECRET}@127.0.0.1:{postgres.port}/{name}")
    assert SECRET not in _everything_printed(refused.value)


@pytest.mark.postgresql
async def test_a_database_that_is_not_there_is_said_plainly(postgres: PostgresServer) -> None:
    with pytest.raises(StorageError, match="no such database") as refused:
        await Database.open(postgres.url("nowhere"))
    assert postgres.password not in _everything_printed(refused.value)


@pytest.mark.postgresql
async def test_a_server_without_tls_is_used_only_when_that_is_allowed(postgres: PostgresServer) -> None:
    with pytest.raises(StorageError, match="cannot be reached"):
        await Database.open(postgres.url("postgres") + "?sslmode=require")
    database = await Database.open(postgres.url("postgres") + "?sslmode=prefer")
    assert database.tls is None
    await database.close()


async def test_nothing_of_a_statement_reaches_the_log(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with write(database) as connection:
        await connection.execute(text("INSERT INTO meta VALUES ('k', :value)"), {"value": SECRET})
        with pytest.raises(Exception, match="meta") as duplicate:
            await connection.execute(text("INSERT INTO meta VALUES ('k', :value)"), {"value": SECRET})
        await connection.rollback()
    assert SECRET not in caplog.text
    assert f"'{SECRET}'" not in str(duplicate.value)


async def test_opening_can_be_cancelled(empty_url: str) -> None:
    task = asyncio.create_task(Database.open(empty_url))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
