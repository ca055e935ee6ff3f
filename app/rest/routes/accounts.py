"""Accounts: made, found, changed, erased, and brought in touch with their server."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.types import Scope

from app.domain.access import Principal
from app.domain.account import Account, AccountState
from app.domain.errors import MailhatchError, PreconditionFailed
from app.domain.ports import AccountFilter
from app.http.addresses import base_url
from app.http.limits import DEFAULT_PAGE
from app.http.models import AccountBatch, AccountBody, AccountMerge
from app.http.state import FaceServices
from app.http.views import AccountView
from app.rest.answers import (
    IDEMPOTENCY,
    NOT_MODIFIED,
    Responses,
    account_problems,
    body_problems,
    caller_problems,
    mail_problems,
)
from app.rest.conditional import etag_of, json_answer
from app.rest.dependencies import AccountId, Caller, Services
from app.rest.encoding import encode, encode_page
from app.rest.once import IdempotencyKey, once
from app.rest.paging import Cursor, Limit, link_header
from app.rest.problems import STATUS, problem
from app.rest.views import AccountPage, BatchAnswer, CapabilitiesView, CheckView

router = APIRouter(tags=["accounts"])

Verify = Annotated[
    Literal["now", "later", "never"],
    Query(
        description="`now` logs in before anything is stored; `later` stores and logs in after; `never` waits for use."
    ),
]
_JSON = "application/json"
_CREATED: Responses = {201: {"description": "Made.", "model": AccountView}}


def _answer(account: Account, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    body = encode(AccountView.of(account))
    return Response(body, status, {"ETag": etag_of(body)} | (headers or {}), _JSON)


async def _require_match(request: Request, principal: Principal, at: FaceServices, account_id: str) -> None:
    """Hold a change to what the caller has seen (If-Match, RFC 9110 section 13.1.1)."""
    wanted = request.headers.get("if-match")
    if wanted is None:
        return
    current = etag_of(encode(AccountView.of(await at.accounts.get(principal, account_id))))
    if wanted.strip() != "*" and current not in [tag.strip() for tag in wanted.split(",")]:
        raise PreconditionFailed("The account is not as you have seen it any more; read it again.")


IfMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=200, description="The ETag of what you have seen; else 412.")
]


def _location(request: Request, account: Account) -> dict[str, str]:
    return {"Location": f"{base_url(request)}/v1/accounts/{account.id}"}


@router.post(
    "/v1/accounts",
    operation_id="createAccount",
    summary="Add an account",
    status_code=201,
    response_model=AccountView,
    responses=mail_problems(*body_problems(*IDEMPOTENCY)),
)
async def create_account(
    request: Request,
    body: AccountBody,
    principal: Caller,
    at: Services,
    verify: Verify = "now",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Add a mail account. Its secret is write-only and kept encrypted. Needs `accounts.manage`."""

    async def act() -> Response:
        account = await at.accounts.create(principal, body.to_domain(), verify)
        return _answer(account, 201, _location(request, account))

    return await once(request, principal, idempotency_key, act)


@router.post(
    "/v1/accounts/batch",
    operation_id="createAccounts",
    summary="Add up to 100 accounts",
    response_model=BatchAnswer,
    responses=caller_problems(*body_problems(*IDEMPOTENCY)),
)
async def create_accounts(
    request: Request,
    body: AccountBatch,
    principal: Caller,
    at: Services,
    verify: Verify = "later",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Add accounts; each item succeeds or fails for itself, in the order given."""

    async def act() -> Response:
        results = await at.accounts.create_many(principal, [item.to_domain() for item in body.items], verify)
        items = [_batch_item(result, request.scope) for result in results]
        return Response(msgspec.json.encode({"items": items}), media_type=_JSON)

    return await once(request, principal, idempotency_key, act)


def _batch_item(result: Account | MailhatchError, scope: Scope) -> dict[str, object]:
    if isinstance(result, Account):
        return {"status": 201, "account": AccountView.of(result), "problem": None}
    answer = msgspec.Raw(bytes(problem(result, scope).body))
    return {"status": STATUS[type(result)], "account": None, "problem": answer}


@router.put(
    "/v1/accounts/by-external-id/{external_id}",
    operation_id="putAccount",
    summary="Add or replace an account by your own id",
    response_model=AccountView,
    responses=mail_problems(*body_problems()) | _CREATED,
)
async def put_account(
    request: Request,
    external_id: Annotated[
        str, Path(min_length=1, max_length=255, description="Your own id for it.", examples=["ana"])
    ],
    body: AccountBody,
    principal: Caller,
    at: Services,
    verify: Verify = "now",
) -> Response:
    """Make the account with this `external_id` be so, whether it existed or not: safe to repeat."""
    account, created = await at.accounts.upsert(principal, external_id, body.to_domain(), verify)
    return _answer(account, 201 if created else 200, _location(request, account) if created else None)


@router.get(
    "/v1/accounts",
    operation_id="listAccounts",
    summary="List accounts",
    response_model=AccountPage,
    responses=caller_problems(),
)
async def list_accounts(
    request: Request,
    principal: Caller,
    at: Services,
    external_id: Annotated[str | None, Query(max_length=255)] = None,
    tenant: Annotated[str | None, Query(max_length=255)] = None,
    state: AccountState | None = None,
    limit: Limit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> Response:
    """The accounts within the token's reach, by id."""
    where = AccountFilter(external_id=external_id, tenant=tenant, state=state)
    accounts, following = await at.accounts.list(principal, where, limit, cursor)
    items = [AccountView.of(account) for account in accounts]
    return Response(encode_page(items, following), headers=link_header(request, following), media_type=_JSON)


@router.get(
    "/v1/accounts/{account}",
    operation_id="getAccount",
    summary="Show an account",
    response_model=AccountView,
    responses=account_problems() | NOT_MODIFIED,
)
async def get_account(request: Request, account_id: AccountId, principal: Caller, at: Services) -> Response:
    """The account with its state and, if that is a bad one, the reason and when it is tried again."""
    account = await at.accounts.get(principal, account_id)
    return json_answer(request, encode(AccountView.of(account)), "private, no-cache")


@router.patch(
    "/v1/accounts/{account}",
    operation_id="patchAccount",
    summary="Change an account",
    response_model=AccountView,
    responses=mail_problems(*body_problems("precondition_failed")),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/AccountMerge"}}},
        }
    },
)
async def patch_account(
    request: Request,
    account_id: AccountId,
    body: AccountMerge,
    principal: Caller,
    at: Services,
    if_match: IfMatch = None,  # noqa: ARG001  (read from the request; here for the document)
) -> Response:
    """Merge patch (RFC 7396). A new server or new credentials are verified before the old ones go."""
    await _require_match(request, principal, at, account_id)
    return _answer(await at.accounts.patch(principal, account_id, body.to_domain()))


@router.delete(
    "/v1/accounts/{account}",
    operation_id="deleteAccount",
    summary="Remove an account",
    status_code=204,
    responses=account_problems("precondition_failed"),
)
async def delete_account(
    request: Request,
    account_id: AccountId,
    principal: Caller,
    at: Services,
    if_match: IfMatch = None,  # noqa: ARG001  (read from the request; here for the document)
) -> Response:
    """Close its connections, erase its secret and all that is cached. The mail stays on the mail server."""
    await _require_match(request, principal, at, account_id)
    await at.accounts.remove(principal, account_id)
    return Response(status_code=204)


@router.post(
    "/v1/accounts/{account}/pause",
    operation_id="pauseAccount",
    summary="Pause an account",
    response_model=AccountView,
    responses=account_problems(),
)
async def pause_account(account_id: AccountId, principal: Caller, at: Services) -> Response:
    """Close its connections and open none until `resume`."""
    return _answer(await at.accounts.pause(principal, account_id))


@router.post(
    "/v1/accounts/{account}/resume",
    operation_id="resumeAccount",
    summary="Resume a paused account",
    response_model=AccountView,
    responses=account_problems(),
)
async def resume_account(account_id: AccountId, principal: Caller, at: Services) -> Response:
    """Let it connect again."""
    return _answer(await at.accounts.resume(principal, account_id))


@router.post(
    "/v1/accounts/{account}/reconnect",
    operation_id="reconnectAccount",
    summary="Reconnect an account",
    response_model=AccountView,
    responses=account_problems("account_paused"),
)
async def reconnect_account(account_id: AccountId, principal: Caller, at: Services) -> Response:
    """Drop its connections and any waiting time after failures, and connect now, in the background."""
    return _answer(await at.accounts.reconnect(principal, account_id))


@router.post(
    "/v1/accounts/{account}/check",
    operation_id="checkAccount",
    summary="Check the way to an account",
    response_model=CheckView,
    responses=account_problems("account_paused", "too_many_connections"),
)
async def check_account(account_id: AccountId, principal: Caller, at: Services) -> Response:
    """Connect afresh and tell each step: resolved, connected, tls, greeting, login, capabilities, mailboxes."""
    return Response(encode(await at.accounts.check(principal, account_id)), media_type=_JSON)


@router.get(
    "/v1/accounts/{account}/capabilities",
    operation_id="getCapabilities",
    summary="Show what an account can do",
    response_model=CapabilitiesView,
    responses=mail_problems(),
)
async def get_capabilities(account_id: AccountId, principal: Caller, at: Services) -> Response:
    """What works with this account, and whether the mail server or the service keeps the truth."""
    return Response(encode(await at.accounts.capabilities(principal, account_id)), media_type=_JSON)
