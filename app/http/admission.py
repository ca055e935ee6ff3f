"""Who calls: the bearer token of a request, verified, and one request taken from its allowance."""

import math

from starlette.requests import HTTPConnection

from app.domain.access import Principal
from app.domain.errors import RateLimited, Unauthorized
from app.http.state import FaceServices, state_of
from app.services.rate_limit import WINDOW, Allowance


async def admitted(request: HTTPConnection, token: str | None) -> Principal:
    """Return whom a token stands for (RFC 6750). Raises Unauthorized, also without a token, and RateLimited."""
    if token is None:
        raise Unauthorized("Send an API token as `Authorization: Bearer mh_…`.", is_missing=True)
    return admit(request, await _authenticated(request, state_of(request), token))


def admit(request: HTTPConnection, principal: Principal) -> Principal:
    """Take one request from a principal's allowance, for the answer's headers to tell. Raises RateLimited."""
    request.state.token_id = principal.token_id
    try:
        request.state.allowance = state_of(request).rate_limiter.take(principal)
    except RateLimited as refused:
        wait = math.ceil(refused.retry_after or 1)
        request.state.allowance = Allowance(principal.requests_per_minute, WINDOW, 0, wait)
        raise
    return principal


async def _authenticated(request: HTTPConnection, at: FaceServices, token: str) -> Principal:
    """Slow down an address that keeps guessing tokens; a valid one from the same address still gets through."""
    try:
        return await at.access.authenticate(token)
    except Unauthorized:
        address = request.client.host if request.client else ""
        at.failures.check(address)
        at.failures.failed(address)
        raise
