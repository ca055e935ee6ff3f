"""Requests that are done once, whatever is repeated."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response

from app.domain.access import Principal
from app.domain.errors import MailhatchError
from app.http import idempotency
from app.http.idempotency import IdempotencyKey
from app.rest.problems import problem

__all__ = ["IdempotencyKey", "once"]


async def once(
    request: Request,
    principal: Principal,
    key: str | None,
    act: Callable[[], Awaitable[Response]],
    payload: bytes | None = None,
) -> Response:
    """Do `act` once under a key (`app.http.idempotency.once`); what is refused is a problem as everywhere."""

    def refusal(error: MailhatchError) -> Response:
        return problem(error, request.scope)

    return await idempotency.once(request, principal, key, act, refusal, payload)
