"""An open message and its body."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.domain.message import Body, Message
from app.http.account_references import resolve_account
from app.http.addresses import base_url
from app.http.state import state_of
from app.rest.answers import NOT_MODIFIED, mail_problems
from app.rest.conditional import etag_of, is_fresh, json_answer, versioned_etag
from app.rest.dependencies import AccountRef, Caller, MessageRef
from app.rest.encoding import encode
from app.rest.quick import QuickRoute, number
from app.services.limits import DEFAULT_BODY_BYTES, MAX_BODY_BYTES
from app.services.messages import BODY_POLICY

router = APIRouter(tags=["messages"])
_CACHE = "private, no-cache"
_MESSAGE = "/v1/accounts/{account}/messages/{message}"
_BODY = "/v1/accounts/{account}/messages/{message}/body"


@router.get(
    _MESSAGE,
    operation_id="getMessage",
    summary="Open a message",
    response_model=Message,
    responses=mail_problems("stale_reference") | NOT_MODIFIED,
)
async def get_message(request: Request, account: AccountRef, message: MessageRef, principal: Caller) -> Response:
    """Headers, flags, the tree of parts and attachments with signed links: everything but the body."""
    at = state_of(request)
    found = await at.messages.message(
        principal, await resolve_account(account, principal, at), message, base_url(request)
    )
    body = encode(found)
    return json_answer(request, body, _CACHE, etag=versioned_etag(found.version, body))


@router.get(
    _BODY,
    operation_id="getMessageBody",
    summary="Read a message",
    response_model=Body,
    responses=mail_problems("stale_reference") | NOT_MODIFIED,
)
async def get_body(
    request: Request,
    account: AccountRef,
    message: MessageRef,
    principal: Caller,
    max_bytes: Annotated[
        int, Query(ge=1, le=MAX_BODY_BYTES, description="Most characters of text and of HTML each.")
    ] = DEFAULT_BODY_BYTES,
) -> Response:
    """The text and safe HTML of a message, both always there. Remote content is blocked and listed in `blocked`.

    Inline images are signed links; show `html` in `<iframe sandbox>`. Reading does not mark as seen.
    """
    at = state_of(request)
    account_id = await resolve_account(account, principal, at)
    base = base_url(request)
    etag = etag_of(account_id, message, str(max_bytes), BODY_POLICY, str(at.links.window()), principal.token_id, base)
    headers = {"ETag": etag, "Cache-Control": _CACHE, "Vary": "Authorization, Accept"}
    if is_fresh(request, etag):  # a message never changes; only that the caller may read it is asked again
        await at.messages.open_body(principal, account_id, message)
        return Response(status_code=304, headers=headers)
    body = await at.messages.body(principal, account_id, message, max_bytes, base)
    return Response(encode(body), headers=headers, media_type="application/json")


quick = (
    QuickRoute(_MESSAGE, get_message, {}),
    QuickRoute(_BODY, get_body, {"max_bytes": number(1, MAX_BODY_BYTES)}, max_bytes=DEFAULT_BODY_BYTES),
)
