"""Accounts and tokens on a real SQLite database, each test its own copy of one that was migrated once."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.domain.access import Principal
from app.domain.account import Account, AccountState, Credentials, StateReason
from app.domain.ids import AccountId
from app.domain.ports import AccountFilter, TokenRecord
from app.security.keyring import generate_key, parse_keyring
from app.security.vault import Vault
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.migrations import migrate
from app.storage.tokens import SqlTokenStore
from tests.services.fakes import ADMIN
from tests.support.clock import FakeClock


class CountedAccounts(SqlAccountStore):
    """The real store; it counts, and fails with `broken` when a test says so."""

    reads = 0
    states_written = 0
    broken: Exception | None = None

    async def get(self, principal: Principal, account_id: str) -> Account:
        self.reads += 1
        return await super().get(principal, account_id)

    async def set_state(self, account_id: AccountId, state: AccountState, reason: StateReason | None) -> bool:
        if self.broken:
            raise self.broken
        is_written = await super().set_state(account_id, state, reason)
        self.states_written += is_written
        return is_written

    async def rows(self) -> dict[str, tuple[Account, Credentials]]:
        """Everything that is stored."""
        found = await self.list(ADMIN, AccountFilter(), 200, None)
        return {account.id: (account, (await self.plan(account.id))[0].credentials) for account in found}


class CountedTokens(SqlTokenStore):
    """The real store; it counts lookups, and holds one back after it was read while `hold` is set."""

    finds = 0
    hold: asyncio.Event | None = None

    async def find(self, token_id: str) -> tuple[TokenRecord, bytes] | None:
        self.finds += 1
        hold = self.hold
        found = await super().find(token_id)
        if hold:
            await hold.wait()
        return found

    async def rows(self) -> tuple[TokenRecord, ...]:
        """Everything that is stored."""
        return await self.list(200, None, None)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a migrated database, to be copied."""
    path = tmp_path_factory.mktemp("services") / "migrated.db"

    async def run() -> None:
        database = await Database.open(f"sqlite+aiosqlite:///{path}")
        try:
            await migrate(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:  # the test's own loop may be running here
        thread.submit(asyncio.run, run()).result()
    return path


@pytest.fixture
async def database(migrated: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An open, migrated database without rows."""
    path = tmp_path / "mailhatch.db"
    shutil.copy(migrated, path)
    database = await Database.open(f"sqlite+aiosqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture
def store(database: Database, clock: FakeClock) -> CountedAccounts:
    """Accounts of the database."""
    return CountedAccounts(database, Vault(parse_keyring(generate_key("k1"))), clock)


@pytest.fixture
def tokens(database: Database) -> CountedTokens:
    """Tokens of the database."""
    return CountedTokens(database)
