"""Facts about the instance: its id, and which keys its secrets are sealed with."""

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.ids import new_id
from app.security.vault import Vault
from app.storage.dialect import upsert
from app.storage.engine import Database
from app.storage.errors import WrongKey
from app.storage.tables import account_secrets, idempotency, meta
from app.storage.unit import read, write
from app.storage.webhook_tables import endpoint_secrets

_INSTANCE = "instance_id"
_KEY = "encryption_key:"


async def check_keys(database: Database, vault: Vault) -> None:
    """Make sure that the vault holds every key this database was ever sealed with; call it at each start.

    The first start stores the current key's fingerprint, and so does the first one after a rotation. Raises WrongKey
    when a stored one is missing or is another key under the same id, StorageUnavailable.
    """
    given = vault.fingerprints()
    current = next(iter(given))
    async with write(database) as connection:
        await _lock(connection)
        stored = await _stored(connection)
        for key_id, fingerprint in sorted(stored.items()):
            if key_id not in given:
                raise WrongKey(
                    f"The encryption key `{key_id}` is missing: the database holds secrets sealed with it. Start with "
                    "the keys that belong to this database; an old one may go after `mailhatch keys rotate`."
                )
            if given[key_id] != fingerprint:
                raise WrongKey(
                    f"The encryption key `{key_id}` is not the one this database was sealed with. Start with the keys "
                    "that belong to this database."
                )
        if current not in stored:
            await _put(connection, _KEY + current, given[current])


async def retire_keys(database: Database, vault: Vault) -> tuple[str, ...]:
    """Forget the keys that seal nothing any more; tells their ids. They may then leave the key ring.

    For the end of a rotation: after `rotate_secrets`, `reseal_answers` and `reseal_endpoints` only the current key is
    in use. Raises StorageUnavailable.
    """
    current = next(iter(vault.fingerprints()))
    async with write(database) as connection:
        await _lock(connection)
        retired = []
        for key_id in sorted(await _stored(connection)):
            if key_id != current and not await _is_used(connection, key_id):
                await connection.execute(delete(meta).where(meta.c.key == _KEY + key_id))
                retired.append(key_id)
    return tuple(retired)


async def instance_id(database: Database) -> str:
    """Tell the id of this database, made with it. Raises StorageUnavailable."""
    async with read(database) as connection:
        found: str | None = (
            await connection.execute(select(meta.c.value).where(meta.c.key == _INSTANCE))
        ).scalar_one_or_none()
    if found is not None:
        return found
    async with write(database) as connection:
        return await _lock(connection)


async def _lock(connection: AsyncConnection) -> str:
    """Let one process at a time look at the keys, by writing the row of the instance id; answers that id."""
    row = {"key": _INSTANCE, "value": new_id("ins")}
    await connection.execute(upsert(connection, meta, [row], keys=["key"], overwrite=False))
    same = update(meta).where(meta.c.key == _INSTANCE).values(value=meta.c.value).returning(meta.c.value)
    value: str = (await connection.execute(same)).scalar_one()
    return value


async def _stored(connection: AsyncConnection) -> dict[str, str]:
    """Fingerprints by key id."""
    rows = await connection.execute(select(meta.c.key, meta.c.value))
    return {key.removeprefix(_KEY): value for key, value in rows if key.startswith(_KEY)}


async def _put(connection: AsyncConnection, key: str, value: str) -> None:
    await connection.execute(upsert(connection, meta, [{"key": key, "value": value}], keys=["key"]))


async def _is_used(connection: AsyncConnection, key_id: str) -> bool:
    uses = or_(
        *(exists().where(table.c.key_id == key_id) for table in (account_secrets, idempotency, endpoint_secrets))
    )
    is_used: bool = (await connection.execute(select(uses))).scalar_one()
    return is_used
