"""Mutations that are done once, whatever is repeated: `idempotencyKey`, as the header of that name over REST."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import msgspec
import strawberry

from app.domain.errors import Conflict, OutcomeUnknown
from app.domain.ports import StoredAnswer
from app.graphql.context import Call
from app.http.idempotency import TOO_LARGE, checked_key
from app.services.limits import KEPT_ANSWER_BYTES

_T = TypeVar("_T")

IdempotencyKey = Annotated[
    str | None,
    strawberry.argument(
        description="Makes a retry safe: the first result is given again. Yours, such as a UUID; kept for 24 hours."
    ),
]
_DONE, _UNKNOWN, _NOT_KEPT = HTTPStatus.OK, HTTPStatus.GATEWAY_TIMEOUT, HTTPStatus.CONFLICT


async def once(
    call: Call, key: str | None, what: str, asked: Any, kind: type[_T], act: Callable[[], Awaitable[_T]]
) -> _T:
    """Do `act` unless this token did it under this key before; then return what it returned.

    `what` is the mutation and `asked` its arguments, as JSON values. `kind` is what `act` returns: a dataclass of JSON
    values. A failure is not kept, because nothing was done; OutcomeUnknown is. Raises IdempotencyConflict,
    IdempotencyMismatch, and what `act` raises.
    """
    if key is None:
        return await act()
    word = checked_key(key, "/idempotency_key")
    # Keyed with what is nowhere stored: the arguments may hold a password, and a plain digest could be guessed at.
    fingerprint = hmac.digest(
        word.encode("ascii"), b"graphql " + what.encode() + b"\n" + msgspec.json.encode(asked), hashlib.sha256
    )
    results: list[_T] = []

    async def done() -> StoredAnswer:
        try:
            results.append(await act())
        except OutcomeUnknown as error:
            return StoredAnswer(_UNKNOWN, (), error.detail.encode())
        body = msgspec.json.encode(results[0])
        return StoredAnswer(_DONE, (), body) if len(body) <= KEPT_ANSWER_BYTES else StoredAnswer(_NOT_KEPT, (), b"")

    stored, _ = await call.at.idempotency.once(call.principal.token_id, word, fingerprint, done)
    if results:
        return results[0]
    if stored.status == _UNKNOWN:
        raise OutcomeUnknown(stored.body.decode())
    if stored.status == _NOT_KEPT:
        raise Conflict(TOO_LARGE)
    return msgspec.json.decode(stored.body, type=kind)
