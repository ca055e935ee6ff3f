"""API tokens at rest."""

from typing import Any

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.domain.errors import Conflict, InvalidRequest
from app.domain.ids import TokenId
from app.domain.ports import TokenRecord
from app.storage import limits
from app.storage.dialect import Condition, condition
from app.storage.engine import Database
from app.storage.pages import page_size
from app.storage.tables import is_key, tokens
from app.storage.unit import read, write

_texts = msgspec.json.Decoder(tuple[str, ...])


class SqlTokenStore:
    """Implements `app.domain.ports.TokenStore`; every method raises StorageUnavailable besides what is said there."""

    def __init__(self, database: Database) -> None:
        """Take an open database."""
        self._database = database

    async def add(self, record: TokenRecord, secret_hash: bytes) -> None:
        """Insert. Raises Conflict when the id is taken, InvalidRequest for more accounts than a finder can take."""
        if record.accounts is not None and len(record.accounts) > limits.TOKEN_ACCOUNTS:
            raise InvalidRequest(f"A token is bound to at most {limits.TOKEN_ACCOUNTS} accounts.")
        values = {
            "id": record.id,
            "name": record.name,
            "scopes": msgspec.json.encode(record.scopes).decode(),
            "accounts": None if record.accounts is None else msgspec.json.encode(record.accounts).decode(),
            "tenant": record.tenant,
            "requests_per_minute": record.requests_per_minute,
            "created_at": record.created_at,
            "expires_at": record.expires_at,
            "revoked_at": record.revoked_at,
            "created_by": record.created_by,
            "secret_hash": secret_hash,
        }
        try:
            async with write(self._database) as connection:
                await connection.execute(insert(tokens).values(values))
        except IntegrityError as error:
            if condition(error) is Condition.DUPLICATE:
                raise Conflict("A token with this id exists already.") from error
            raise

    async def find(self, token_id: str) -> tuple[TokenRecord, bytes] | None:
        """Find one with its hash, revoked and expired ones too."""
        if not is_key(token_id):
            return None
        async with read(self._database) as connection:
            row = (await connection.execute(select(tokens).where(tokens.c.id == token_id))).one_or_none()
        return None if row is None else (_record(row), row.secret_hash)

    async def list(self, limit: int, after: TokenId | None, tenant: str | None) -> tuple[TokenRecord, ...]:
        """List by id, those after `after`, of one tenant if given; at most `limits.PAGE` at once."""
        if not all(is_key(value) for value in (after, tenant) if value is not None):
            return ()
        statement = select(tokens).order_by(tokens.c.id).limit(page_size(limit))
        if after is not None:
            statement = statement.where(tokens.c.id > after)
        if tenant is not None:
            statement = statement.where(tokens.c.tenant == tenant)
        async with read(self._database) as connection:
            rows = (await connection.execute(statement)).all()
        return tuple(_record(row) for row in rows)

    async def revoke(self, token_id: TokenId, at: float) -> bool:
        """Mark as revoked; tells whether it was there and not revoked before."""
        if not is_key(token_id):
            return False
        statement = update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
        async with write(self._database) as connection:
            return (await connection.execute(statement)).rowcount == 1


def _record(row: Row[Any]) -> TokenRecord:
    return TokenRecord(
        id=TokenId(row.id),
        name=row.name,
        scopes=_texts.decode(row.scopes),
        accounts=None if row.accounts is None else _texts.decode(row.accounts),  # type: ignore[arg-type]  # ids are text
        tenant=row.tenant,
        requests_per_minute=row.requests_per_minute,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        created_by=row.created_by,
    )
