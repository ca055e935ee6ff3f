"""What a first start makes, and the keys a database was sealed with."""

import asyncio
from dataclasses import dataclass

from app.bootstrap.clock import SystemClock
from app.config import Settings
from app.security.keyfile import load_or_create_keyring
from app.security.keyring import KeyringError
from app.security.vault import Vault
from app.services.access import Access
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.errors import WrongKey
from app.storage.meta import check_keys
from app.storage.migrations import migrate
from app.storage.tokens import SqlTokenStore


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What a first start made, to be told once."""

    admin_token: str | None
    key_file_created: bool


async def first_start(settings: Settings) -> FirstStart:
    """Make what is missing: key file, tables, admin token. Does nothing when all is there.

    Raises KeyringError or StorageError with a sentence for the operator.
    """
    keyring, created = await asyncio.to_thread(load_or_create_keyring, settings)
    database = await Database.open(settings.database)
    try:
        await migrate(database)
        clock, vault = SystemClock(), Vault(keyring)
        await check_sealed(settings, database, vault, is_key_new=created)
        store = SqlAccountStore(database, vault, clock)
        access = Access(SqlTokenStore(database), store, clock, settings.requests_per_minute)
        given = settings.admin_token.get_secret_value() if settings.admin_token else None
        return FirstStart(await access.ensure_admin(given), created)
    finally:
        await database.close()


async def check_sealed(settings: Settings, database: Database, vault: Vault, *, is_key_new: bool) -> None:
    """Refuse a database sealed with other keys; when the key file was missing say so, and take back the one made."""
    try:
        await check_keys(database, vault)
    except WrongKey:
        if not is_key_new:
            raise
        await asyncio.to_thread(settings.keys_file.unlink, missing_ok=True)
        raise KeyringError(
            f"The key file {settings.keys_file} is missing, and the database holds secrets sealed with it. "
            "Put it back from your backup."
        ) from None
