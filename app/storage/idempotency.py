"""Answers by Idempotency-Key at rest, sealed: one of them may be the only place a new token's secret is in."""

import hashlib
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, delete, select, tuple_, update

from app.domain.errors import IdempotencyConflict, IdempotencyMismatch
from app.domain.ids import TokenId
from app.domain.ports import Clock, StoredAnswer
from app.security.vault import Vault
from app.storage import limits
from app.storage.dialect import upsert
from app.storage.engine import Database
from app.storage.rotation import answer_place
from app.storage.tables import idempotency
from app.storage.unit import write

_answers = msgspec.msgpack.Decoder(StoredAnswer)


class SqlIdempotencyStore:
    """Implements `app.domain.ports.IdempotencyStore`; every method raises StorageUnavailable too.

    A claim holds for `limits.CLAIM` seconds, an answer for `limits.ANSWER_KEPT`. Only a digest of the key is kept.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        """Take an open database, what seals the answers, and the time."""
        self._database = database
        self._vault = vault
        self._clock = clock

    async def begin(self, token_id: TokenId, key: str, fingerprint: bytes, now: float) -> Literal["new"] | StoredAnswer:
        """Claim the key. Raises IdempotencyConflict while the first runs, IdempotencyMismatch for another payload."""
        digest = _digest(key)
        claim = {
            "token_id": token_id,
            "key_hash": digest,
            "fingerprint": fingerprint,
            "expires_at": now + limits.CLAIM,
            "sealed": None,
            "key_id": None,
        }
        async with write(self._database) as connection:
            claimed = upsert(
                connection,
                idempotency,
                [claim],
                keys=["token_id", "key_hash"],
                where=idempotency.c.expires_at <= now,
            ).returning(idempotency.c.token_id)
            if (await connection.execute(claimed)).first() is not None:
                return "new"
            row = (await connection.execute(select(idempotency).where(*_at(token_id, digest)))).one()
        if row.fingerprint != fingerprint:
            raise IdempotencyMismatch("This Idempotency-Key was used with another payload. Use a new one.")
        if row.sealed is None:
            raise IdempotencyConflict("The first request with this Idempotency-Key is still running.", retry_after=1.0)
        return _answers.decode(self._vault.open(row.sealed, answer_place(token_id, digest)))

    async def finish(self, token_id: TokenId, key: str, answer: StoredAnswer) -> None:
        """Keep the answer, unless the claim was lost.

        One over `limits.ANSWER_BYTES` is not kept: a repeated request meets IdempotencyConflict until the claim ends,
        which is better than being done twice.
        """
        if len(answer.body) > limits.ANSWER_BYTES:
            return
        digest = _digest(key)
        sealed = self._vault.seal(msgspec.msgpack.encode(answer), answer_place(token_id, digest))
        statement = (
            update(idempotency)
            .where(*_at(token_id, digest), idempotency.c.sealed.is_(None))
            .values(sealed=sealed, key_id=self._vault.key_id(sealed), expires_at=self._clock.now() + limits.ANSWER_KEPT)
        )
        async with write(self._database) as connection:
            await connection.execute(statement)

    async def abandon(self, token_id: TokenId, key: str) -> None:
        """Free the key, unless it has its answer."""
        statement = delete(idempotency).where(*_at(token_id, _digest(key)), idempotency.c.sealed.is_(None))
        async with write(self._database) as connection:
            await connection.execute(statement)

    async def purge(self, now: float) -> int:
        """Delete claims and answers whose time is over, a few at a time; tells how many."""
        columns = (idempotency.c.token_id, idempotency.c.key_hash)
        over = select(*columns).where(idempotency.c.expires_at <= now).limit(limits.PURGE)
        statement = delete(idempotency).where(tuple_(*columns).in_(over), idempotency.c.expires_at <= now)
        purged = 0
        while True:
            async with write(self._database) as connection:
                deleted = (await connection.execute(statement)).rowcount
            purged += deleted
            if deleted < limits.PURGE:
                return purged


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _at(token_id: TokenId, digest: bytes) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return idempotency.c.token_id == token_id, idempotency.c.key_hash == digest
