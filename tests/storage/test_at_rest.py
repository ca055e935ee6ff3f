"""What somebody finds who gets hold of the database."""

import asyncio
import shutil
from pathlib import Path

from sqlalchemy import select

from app.domain.account import AccessToken, Password
from app.domain.ids import TokenId
from app.domain.ports import StoredAnswer
from app.security.vault import Vault
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.idempotency import SqlIdempotencyStore
from app.storage.tables import account_secrets, metadata
from app.storage.unit import read
from tests.storage.samples import an_account
from tests.support.clock import FakeClock
from tests.support.postgres import PostgresServer

SECRETS = ("p4ssw0rd-of-ada", "access-t0ken-of-bob", "mh_tok_s3cret-of-a-new-token")
TOKEN = TokenId("tok_a")


async def _keep_secrets(database: Database, vault: Vault, clock: FakeClock) -> None:
    accounts, answers = SqlAccountStore(database, vault, clock), SqlIdempotencyStore(database, vault, clock)
    await accounts.add(an_account(external_id="findable"), Password(SECRETS[0]))
    await accounts.add(an_account(), AccessToken(SECRETS[1]))
    await answers.begin(TOKEN, "k", bytes(32), clock.now())
    await answers.finish(TOKEN, "k", StoredAnswer(201, (), f'{{"token":"{SECRETS[2]}"}}'.encode()))


def _on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("mailhatch.db*")))


async def test_no_secret_lies_in_plain_text(
    database: Database, vault: Vault, clock: FakeClock, tmp_path: Path, postgres_or_none: PostgresServer | None
) -> None:
    await _keep_secrets(database, vault, clock)
    if postgres_or_none is None:
        found = await asyncio.to_thread(_on_disk, tmp_path)
    else:
        name = str(database.location.url.database)
        rows = [postgres_or_none.run(f"SELECT {table}::text FROM {table}", name) for table in metadata.tables]
        found = "\n".join(rows).encode()
    assert b"findable" in found  # so we look at the right place
    for secret in SECRETS:
        assert secret.encode() not in found
        assert secret.encode().hex().encode() not in found  # as PostgreSQL prints bytes


async def test_a_removed_secret_is_overwritten_sealed_as_it_is(
    migrated_sqlite: Path, vault: Vault, clock: FakeClock, tmp_path: Path
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "mailhatch.db")
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'mailhatch.db'}")
    await _keep_secrets(database, vault, clock)
    async with read(database) as connection:
        gone, kept = (await connection.execute(select(account_secrets))).all()
    await SqlAccountStore(database, vault, clock).remove(gone.account_id)
    await database.close()
    found = await asyncio.to_thread(_on_disk, tmp_path)
    assert gone.sealed[-24:] not in found
    assert kept.sealed[-24:] in found


async def test_nothing_that_holds_secrets_prints_them(database: Database, vault: Vault, clock: FakeClock) -> None:
    await _keep_secrets(database, vault, clock)
    store = SqlAccountStore(database, vault, clock)
    async with read(database) as connection:
        ids = list((await connection.execute(select(account_secrets.c.account_id))).scalars())
    printed = f"{store!r}{database!r}" + "".join([repr(await store.plan(account_id)) for account_id in ids])
    for secret in SECRETS:
        assert secret not in printed
