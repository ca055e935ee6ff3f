"""API tokens."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Request, Response

from app.http.limits import DEFAULT_PAGE, MAX_QUERY_TEXT
from app.http.models import TokenBody
from app.http.views import NewTokenView, TokenView, new_token_view
from app.rest.answers import IDEMPOTENCY, body_problems, caller_problems
from app.rest.dependencies import Caller, Services
from app.rest.encoding import encode_page
from app.rest.once import IdempotencyKey, once
from app.rest.paging import Cursor, Limit, link_header
from app.rest.views import TokenPage

router = APIRouter(tags=["tokens"])
_JSON = "application/json"


@router.post(
    "/v1/tokens",
    operation_id="createToken",
    summary="Make a token",
    status_code=201,
    response_model=NewTokenView,
    responses=caller_problems(*body_problems(*IDEMPOTENCY, "not_found")),
)
async def create_token(
    request: Request, body: TokenBody, principal: Caller, at: Services, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a token for a browser, an app or a script: scoped, bound to accounts or a tenant, expiring.

    Nobody can give more than they have. `token` is shown this once.
    """

    async def act() -> Response:
        record, token = await at.access.create(principal, body.to_domain())
        return Response(msgspec.json.encode(new_token_view(record, token)), 201, media_type=_JSON)

    return await once(request, principal, idempotency_key, act)


@router.get(
    "/v1/tokens",
    operation_id="listTokens",
    summary="List tokens",
    response_model=TokenPage,
    responses=caller_problems(),
)
async def list_tokens(
    request: Request, principal: Caller, at: Services, limit: Limit = DEFAULT_PAGE, cursor: Cursor = None
) -> Response:
    """The tokens within this token's reach, revoked ones too, without their secrets."""
    records, following = await at.access.list(principal, limit, cursor)
    items = [TokenView.of(record) for record in records]
    return Response(encode_page(items, following), headers=link_header(request, following), media_type=_JSON)


@router.delete(
    "/v1/tokens/{token}",
    operation_id="revokeToken",
    summary="Revoke a token",
    status_code=204,
    responses=caller_problems("not_found"),
)
async def revoke_token(
    token: Annotated[
        str,
        Path(
            max_length=MAX_QUERY_TEXT,
            description="Id of the token, from the list.",
            examples=["paste_one_from_the_list"],
        ),
    ],
    principal: Caller,
    at: Services,
) -> Response:
    """End a token now, and with it the signed links it made."""
    await at.access.revoke(principal, token)
    return Response(status_code=204)
