"""The change feed."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.domain.access import Scope
from app.domain.ids import AccountId
from app.http.account_references import resolve_account
from app.http.limits import DEFAULT_PAGE, MAX_PAGE, MAX_QUERY_TEXT
from app.http.state import state_of
from app.rest.answers import account_problems, caller_problems
from app.rest.dependencies import AccountRef, Caller
from app.rest.encoding import encode
from app.services.changes import ChangePage

router = APIRouter(tags=["changes"])

#: Longest long-poll: proxies in between often cut at 60 seconds.
MAX_WAIT = 55.0

Since = Annotated[
    str | None,
    Query(
        max_length=MAX_QUERY_TEXT,
        description="A token of the log: `next` of the page before. Without it: no events, and the token of now.",
    ),
]
Wait = Annotated[float, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for an event when there is none.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description=f"How many events at most; default {DEFAULT_PAGE}.")]
Collapse = Annotated[
    bool, Query(description="Tell of each message and mailbox once: applied, the rest leads to the same state.")
]


@router.get(
    "/v1/accounts/{account}/changes",
    operation_id="listAccountChanges",
    summary="List what changed in an account",
    response_model=ChangePage,
    responses=account_problems("cursor_expired"),
)
async def list_account_changes(
    request: Request,
    account: AccountRef,
    principal: Caller,
    since: Since = None,
    wait: Wait = 0.0,
    limit: Limit = DEFAULT_PAGE,
    collapse: Collapse = False,
) -> Response:
    """Events behind a token, in order. Take a token first, then read lists, then ask for what came since."""
    at = state_of(request)
    principal.require(Scope.MAIL_META_READ)
    found = await at.accounts.get(principal, await resolve_account(account, principal, at))
    return await _answer(request, principal, found.id, since, wait, limit, collapse)


@router.get(
    "/v1/changes",
    operation_id="listChanges",
    summary="List what changed in all accounts",
    response_model=ChangePage,
    responses=caller_problems("cursor_expired"),
)
async def list_changes(
    request: Request,
    principal: Caller,
    since: Since = None,
    wait: Wait = 0.0,
    limit: Limit = DEFAULT_PAGE,
    collapse: Collapse = False,
) -> Response:
    """Events of every account the token reaches, in the order of the log."""
    return await _answer(request, principal, None, since, wait, limit, collapse)


async def _answer(
    request: Request,
    principal: Caller,
    account_id: AccountId | None,
    since: str | None,
    wait: float,
    limit: int,
    collapse: bool,
) -> Response:
    changes = state_of(request).changes
    page = await changes.page(principal, account_id, since, limit=limit, wait=wait, collapse=collapse)
    return Response(encode(page), media_type="application/json", headers={"Cache-Control": "no-store"})
