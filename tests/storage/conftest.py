"""Databases of both engines, migrated once and then without rows for each test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.security.keyring import generate_key, parse_keyring
from app.security.vault import Vault
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.idempotency import SqlIdempotencyStore
from app.storage.mailboxes import SqlMailboxStore
from app.storage.migrations import migrate
from app.storage.tables import metadata
from app.storage.tokens import SqlTokenStore
from tests.support.clock import FakeClock
from tests.support.postgres import PostgresServer, PostgresUnavailable, running_postgres
from tests.support.requirements import missing


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL, one for the whole session."""
    try:
        with running_postgres() as server:
            yield server
    except PostgresUnavailable as error:
        missing(str(error))


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """Name of a migrated database; who uses it leaves it without rows."""
    name = postgres.create_database()
    _migrate_once(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a migrated database, to be copied."""
    path = tmp_path_factory.mktemp("storage") / "migrated.db"
    _migrate_once(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Runs the test once on each engine."""
    return str(request.param)


@pytest.fixture
def postgres_or_none(engine_name: str, request: pytest.FixtureRequest) -> PostgresServer | None:
    """The running PostgreSQL when the test is about it."""
    if engine_name == "sqlite":
        return None
    server: PostgresServer = request.getfixturevalue("postgres")
    return server


@pytest.fixture
def empty_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database with nothing in it."""
    if engine_name == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'mailhatch.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a migrated database without rows."""
    if engine_name == "sqlite":
        path = tmp_path / "mailhatch.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name: str = request.getfixturevalue("migrated_postgres")
    yield server.url(name)
    server.run(f"TRUNCATE {', '.join(metadata.tables)}", name)  # much faster than another database


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An open, migrated database without rows."""
    database = await Database.open(url)
    yield database
    await database.close()


@pytest.fixture
def vault() -> Vault:
    """A vault with one key."""
    return Vault(parse_keyring(generate_key("k1")))


@pytest.fixture
def account_store(database: Database, vault: Vault, clock: FakeClock) -> SqlAccountStore:
    """Accounts of the database."""
    return SqlAccountStore(database, vault, clock)


@pytest.fixture
def mailbox_store(database: Database) -> SqlMailboxStore:
    """Mailboxes of the database."""
    return SqlMailboxStore(database)


@pytest.fixture
def token_store(database: Database) -> SqlTokenStore:
    """Tokens of the database."""
    return SqlTokenStore(database)


@pytest.fixture
def answers(database: Database, vault: Vault, clock: FakeClock) -> SqlIdempotencyStore:
    """Idempotency keys of the database."""
    return SqlIdempotencyStore(database, vault, clock)


def _migrate_once(url: str) -> None:
    async def run() -> None:
        database = await Database.open(url)
        try:
            await migrate(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:  # the test's own loop may be running here
        thread.submit(asyncio.run, run()).result()
