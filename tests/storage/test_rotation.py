from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.account import Password
from app.security.keyring import KeyringError, generate_key, parse_keyring
from app.security.vault import SealBroken, Vault
from app.storage import rotation
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.tables import account_secrets
from app.storage.unit import read, write
from tests.storage.samples import PASSWORD, an_account
from tests.support.clock import FakeClock

OLD, NEW = generate_key("k1"), generate_key("k2")


@pytest.fixture
def old(database: Database, clock: FakeClock) -> SqlAccountStore:
    return SqlAccountStore(database, Vault(parse_keyring(OLD)), clock)


@pytest.fixture
def rotating(database: Database, clock: FakeClock) -> SqlAccountStore:
    return SqlAccountStore(database, Vault(parse_keyring(f"{NEW},{OLD}")), clock)


async def _key_ids(database: Database) -> set[str]:
    async with read(database) as connection:
        return set((await connection.execute(select(account_secrets.c.key_id))).scalars())


@pytest.mark.parametrize("batch", [1, 2, 5, 100])
async def test_rotation_seals_every_secret_anew_once(
    old: SqlAccountStore, rotating: SqlAccountStore, database: Database, clock: FakeClock, batch: int
) -> None:
    accounts = [an_account() for _ in range(5)]
    for number, account in enumerate(accounts):
        await old.add(account, Password(f"secret {number}"))
    clock.advance(100)
    assert await rotating.rotate_secrets(batch) == 5
    assert await rotating.rotate_secrets(batch) == 0
    assert await _key_ids(database) == {"k2"}
    new = SqlAccountStore(database, Vault(parse_keyring(NEW)), clock)
    for number, account in enumerate(accounts):
        assert (await new.plan(account.id))[0].credentials == Password(f"secret {number}")
        with pytest.raises(KeyringError):
            await old.plan(account.id)
    async with read(database) as connection:
        assert set((await connection.execute(select(account_secrets.c.sealed_at))).scalars()) == {clock.now()}


async def test_credentials_changed_during_a_rotation_stay_the_changed_ones(
    old: SqlAccountStore, rotating: SqlAccountStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = an_account()
    await old.add(account, PASSWORD)

    @asynccontextmanager
    async def write_too_late(database: Database) -> AsyncIterator[AsyncConnection]:
        await old.replace(account, Password("changed meanwhile"))  # by a process that has not the new key yet
        async with write(database) as connection:
            yield connection

    monkeypatch.setattr(rotation, "write", write_too_late)
    assert await rotating.rotate_secrets() == 0
    assert (await rotating.plan(account.id))[0].credentials == Password("changed meanwhile")


async def test_an_account_removed_during_a_rotation_stays_removed(
    old: SqlAccountStore, rotating: SqlAccountStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, kept = an_account(), an_account()
    for account in (gone, kept):
        await old.add(account, PASSWORD)

    @asynccontextmanager
    async def write_too_late(database: Database) -> AsyncIterator[AsyncConnection]:
        await old.remove(gone.id)
        async with write(database) as connection:
            yield connection

    monkeypatch.setattr(rotation, "write", write_too_late)
    assert await rotating.rotate_secrets() == 1
    async with read(database) as connection:
        assert list((await connection.execute(select(account_secrets.c.account_id))).scalars()) == [kept.id]


async def test_a_secret_moved_to_another_account_does_not_open(
    old: SqlAccountStore, rotating: SqlAccountStore, database: Database
) -> None:
    victim, thief = an_account(), an_account()
    for account in (victim, thief):
        await old.add(account, Password(f"of {account.id}"))
    stolen = select(account_secrets.c.sealed).where(account_secrets.c.account_id == victim.id).scalar_subquery()
    async with write(database) as connection:
        await connection.execute(
            update(account_secrets).where(account_secrets.c.account_id == thief.id).values(sealed=stolen)
        )
    for attempt in (old.plan(thief.id), rotating.rotate_secrets()):
        with pytest.raises(SealBroken):
            await attempt
