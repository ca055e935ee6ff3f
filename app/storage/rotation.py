"""Sealing anew what an older key sealed.

All kinds of sealed rows change by compare and swap on the sealed bytes, so a writer in between always wins.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table, bindparam, select, tuple_, update

from app.domain.ports import Clock
from app.security.vault import Vault
from app.storage.engine import Database
from app.storage.tables import account_secrets, idempotency
from app.storage.unit import read, write
from app.storage.webhook_tables import endpoint_secrets


def secret_place(account_id: str) -> str:
    """Name the one place an account's sealed credentials open in."""
    return f"account_secrets/{account_id}"


def answer_place(token_id: str, key_hash: bytes) -> str:
    """Name the one place a sealed answer opens in."""
    return f"idempotency/{token_id}/{key_hash.hex()}"


def endpoint_place(endpoint_id: str) -> str:
    """Name the one place an endpoint's sealed webhook secrets open in."""
    return f"endpoint_secrets/{endpoint_id}"


async def reseal_credentials(database: Database, vault: Vault, clock: Clock, batch: int) -> int:
    """Seal every account's credentials with the current key; tells how many were not. Raises KeyringError."""

    def place(row: Any) -> str:
        return secret_place(row.account_id)

    return await _reseal(database, vault, account_secrets, place, batch, {"sealed_at": clock.now()})


async def reseal_answers(database: Database, vault: Vault, batch: int) -> int:
    """Seal every kept answer with the current key; tells how many were not. Raises KeyringError."""

    def place(row: Any) -> str:
        return answer_place(row.token_id, row.key_hash)

    return await _reseal(database, vault, idempotency, place, batch, {})


async def reseal_endpoints(database: Database, vault: Vault, batch: int) -> int:
    """Seal every endpoint's webhook secrets with the current key; tells how many were not. Raises KeyringError."""

    def place(row: Any) -> str:
        return endpoint_place(row.endpoint_id)

    return await _reseal(database, vault, endpoint_secrets, place, batch, {})


async def _reseal(
    database: Database,
    vault: Vault,
    table: Table,
    place: Callable[[Any], str],
    batch: int,
    also: dict[str, Any],
) -> int:
    keys = list(table.primary_key.columns)
    current = next(iter(vault.fingerprints()))
    unsealed = select(*keys, table.c.sealed).where(table.c.sealed.is_not(None), table.c.key_id != current)
    change = (
        update(table)
        .where(*(key == bindparam(f"at_{key.name}") for key in keys), table.c.sealed == bindparam("was"))
        .values(sealed=bindparam("becomes"), key_id=current, **also)
    )
    changed, after = 0, None
    while True:
        page = unsealed.order_by(*keys).limit(batch)
        if after is not None:
            page = page.where(tuple_(*keys) > after)
        async with read(database) as connection:
            rows = (await connection.execute(page)).all()
        if not rows:
            return changed
        new = [_resealed(vault, row, place(row)) for row in rows]  # outside a transaction: this is the slow part
        async with write(database) as connection:
            for row, sealed in zip(rows, new, strict=True):
                at = {f"at_{key.name}": getattr(row, key.name) for key in keys}
                changed += (await connection.execute(change, at | {"was": row.sealed, "becomes": sealed})).rowcount
        after = tuple(getattr(rows[-1], key.name) for key in keys)


def _resealed(vault: Vault, row: Any, place: str) -> bytes:
    return vault.seal(vault.open(row.sealed, place), place)
