"""What routes ask for: the services, the caller, the account."""

import math
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.domain.access import Principal
from app.domain.errors import Conflict, NotFound, RateLimited, Unauthorized
from app.domain.ports import AccountFilter
from app.rest.limits import MAX_QUERY_TEXT
from app.rest.state import FaceServices, state_of
from app.services.rate_limit import WINDOW, Allowance

AccountRef = Annotated[
    str,
    Path(
        max_length=MAX_QUERY_TEXT,
        description="Id of the account, `acc_…`, or `external:` and your own id for it.",
        examples=["external:demo-ana"],
    ),
]
MailboxRef = Annotated[
    str,
    Path(
        max_length=MAX_QUERY_TEXT,
        description="Id of the mailbox, `mbx_…`, or a role: inbox, sent, drafts, trash, junk, archive, all, flagged.",
        examples=["inbox"],
    ),
]
MessageRef = Annotated[
    str,
    Path(
        max_length=MAX_QUERY_TEXT,
        description="Id of the message, `msg_…`, from a page.",
        examples=["msg_paste_one_from_a_page"],
    ),
]
PartRef = Annotated[
    str,
    Path(
        max_length=64,
        pattern=r"^[0-9]+(\.[0-9]+)*$",
        description="Number of the part, from the message.",
        examples=["1"],
    ),
]

#: What the page at /docs says beside the field for the token.
_ABOUT = (
    "An API token, `mh_…`. `make demo` prints one that reads mail; `admin_token` in its `var/demo.json` may do "
    "everything."
)
bearer = HTTPBearer(auto_error=False, scheme_name="token", description=_ABOUT, bearerFormat="mh")
_EXTERNAL = "external:"


async def services(request: Request) -> FaceServices:
    """Return the services. Asynchronous, because FastAPI calls other dependencies in a thread."""
    return state_of(request)


Services = Annotated[FaceServices, Depends(services)]


async def caller(request: Request, given: HTTPAuthorizationCredentials | None) -> Principal:
    """Verify the bearer token (RFC 6750) and take one request from its allowance."""
    at = state_of(request)
    if given is None:
        raise Unauthorized("Send an API token as `Authorization: Bearer mh_…`.", is_missing=True)
    return _admit(request, at, await _authenticated(request, at, given.credentials))


class _TokenCaller(HTTPBearer):
    """The scheme and its verification in one: FastAPI solves dependencies of dependencies each time they are met."""

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]  # it goes on where the base ends
        """Return whom the token of a request stands for."""
        return await caller(request, await super().__call__(request))


Caller = Annotated[
    Principal, Depends(_TokenCaller(auto_error=False, scheme_name="token", description=_ABOUT, bearerFormat="mh"))
]


async def link_or_caller(
    request: Request,
    account: AccountRef,
    message: MessageRef,
    part: PartRef,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    token: Annotated[str | None, Query(max_length=MAX_QUERY_TEXT, description="Of a signed link.")] = None,
    expires: Annotated[int | None, Query(ge=0, le=2**40, description="Of a signed link, Unix seconds.")] = None,
    signature: Annotated[str | None, Query(max_length=MAX_QUERY_TEXT, description="Of a signed link.")] = None,
) -> Principal:
    """Verify a bearer token, or else the signed link that the address is."""
    if given is not None or token is None or expires is None or signature is None:
        return await caller(request, given)
    at = state_of(request)
    request.state.is_link = True
    token_id = at.links.check(account, message, part, token, expires, signature)
    return _admit(request, at, await at.access.principal(token_id))


LinkOrCaller = Annotated[Principal, Depends(link_or_caller)]


async def _authenticated(request: Request, at: FaceServices, token: str) -> Principal:
    """Slow down an address that keeps guessing tokens; a valid one from the same address still gets through."""
    try:
        return await at.access.authenticate(token)
    except Unauthorized:
        address = request.client.host if request.client else ""
        at.failures.check(address)
        at.failures.failed(address)
        raise


def _admit(request: Request, at: FaceServices, principal: Principal) -> Principal:
    request.state.token_id = principal.token_id
    try:
        request.state.allowance = at.rate_limiter.take(principal)
    except RateLimited as refused:
        wait = math.ceil(refused.retry_after or 1)
        request.state.allowance = Allowance(principal.requests_per_minute, WINDOW, 0, wait)
        raise
    return principal


async def account_id(request: Request, account: AccountRef, principal: Caller) -> str:
    """Return the account's id."""
    return await resolve_account(account, principal, state_of(request))


async def resolve_account(account: str, principal: Principal, at: FaceServices) -> str:
    """Return the id; `external:x` names the account whose `external_id` is x within the token's reach."""
    if not account.startswith(_EXTERNAL):
        return account
    where = AccountFilter(external_id=account.removeprefix(_EXTERNAL))
    found, _ = await at.accounts.list(principal, where, 2, None)
    if not found:
        raise NotFound("No such account.")
    if len(found) > 1:
        raise Conflict("Several tenants have an account with this external id; use the account's own id.")
    return found[0].id


AccountId = Annotated[str, Depends(account_id)]
