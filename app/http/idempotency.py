"""Idempotency-Key on requests that create (draft-ietf-httpapi-idempotency-key-header-07)."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header, Request, Response

from app.domain.access import Principal
from app.domain.errors import FieldProblem, InvalidRequest
from app.domain.ports import StoredAnswer
from app.http.limits import MAX_IDEMPOTENCY_KEY
from app.http.state import state_of

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=MAX_IDEMPOTENCY_KEY,
        description="Makes a retry safe: the first answer is given again. Yours, such as a UUID; kept for 24 hours.",
    ),
]
#: A Structured Field string in quotes, as the draft says, or the bare token that most clients send.
_KEY = re.compile(r'"?([\x21\x23-\x5b\x5d-\x7e]+)"?\Z')
_KEPT_HEADERS = ("location", "content-type")


async def once(
    request: Request, principal: Principal, key: str | None, act: Callable[[], Awaitable[Response]]
) -> Response:
    """Do `act` unless this token did it under this key before; then give the stored answer again.

    A failure is not kept: nothing was made, so a retry may try again.
    """
    if key is None:
        return await act()
    match = _KEY.match(key)
    if match is None:
        detail = "An Idempotency-Key is visible ASCII characters."
        raise InvalidRequest(detail, [FieldProblem(detail, "/header/Idempotency-Key")])
    at = state_of(request)
    body = await request.body()
    payload = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    # Keyed with what is nowhere stored: the body may hold a password, and a plain digest of it could be guessed at.
    fingerprint = hmac.digest(match[1].encode("ascii"), payload, hashlib.sha256)
    stored = await at.idempotency.begin(principal.token_id, match[1], fingerprint, at.clock.now())
    if isinstance(stored, StoredAnswer):
        return Response(stored.body, stored.status, dict(stored.headers) | {"Idempotency-Replayed": "true"})
    try:
        answer = await act()
    except BaseException:
        await asyncio.shield(at.idempotency.abandon(principal.token_id, match[1]))
        raise
    kept = tuple((name, answer.headers[name]) for name in _KEPT_HEADERS if name in answer.headers)
    await at.idempotency.finish(
        principal.token_id, match[1], StoredAnswer(answer.status_code, kept, bytes(answer.body))
    )
    return answer
