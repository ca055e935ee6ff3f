"""Idempotency-Key on requests that create (draft-ietf-httpapi-idempotency-key-header-07)."""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header, Request, Response

from app.domain.access import Principal
from app.domain.errors import Conflict, FieldProblem, InvalidRequest, MailhatchError, OutcomeUnknown
from app.domain.ports import StoredAnswer
from app.http.limits import MAX_IDEMPOTENCY_KEY
from app.http.state import state_of
from app.services.limits import KEPT_ANSWER_BYTES

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
TOO_LARGE = "This was done; its answer was too large to be kept for a repetition."


async def once(
    request: Request,
    principal: Principal,
    key: str | None,
    act: Callable[[], Awaitable[Response]],
    refusal: Callable[[MailhatchError], Response],
    payload: bytes | None = None,
) -> Response:
    """Do `act` unless this token did it under this key before; then give the stored answer again.

    A failure is not kept: nothing was done, so a retry may try again. OutcomeUnknown is kept, told by `refusal`: a
    retry must not do a second time what may have been done. `payload` stands for the body where that was not kept.
    """

    async def told() -> Response:
        try:
            return await act()
        except OutcomeUnknown as error:
            return refusal(error)

    if key is None:
        return await told()
    word = checked_key(key, "/header/Idempotency-Key")
    body = await request.body() if payload is None else payload
    what = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + body
    # Keyed with what is nowhere stored: the body may hold a password, and a plain digest of it could be guessed at.
    fingerprint = hmac.digest(word.encode("ascii"), what, hashlib.sha256)
    answers: list[Response] = []

    async def done() -> StoredAnswer:
        answers.append(await told())
        stored = _stored(answers[0])
        return stored if len(stored.body) <= KEPT_ANSWER_BYTES else _stored(refusal(Conflict(TOO_LARGE)))

    stored, is_again = await state_of(request).idempotency.once(principal.token_id, word, fingerprint, done)
    if is_again:
        return Response(stored.body, stored.status, dict(stored.headers) | {"Idempotency-Replayed": "true"})
    return answers[0]


def checked_key(key: str, pointer: str) -> str:
    """Return the key without quotes. Raises InvalidRequest with the pointer to it."""
    match = _KEY.match(key)
    if match is None or len(key) > MAX_IDEMPOTENCY_KEY:
        detail = f"An Idempotency-Key is 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters."
        raise InvalidRequest(detail, [FieldProblem(detail, pointer)])
    return match[1]


def _stored(answer: Response) -> StoredAnswer:
    kept = tuple((name, answer.headers[name]) for name in _KEPT_HEADERS if name in answer.headers)
    return StoredAnswer(answer.status_code, kept, bytes(answer.body))
