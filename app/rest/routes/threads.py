"""Conversations."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.http.account_references import resolve_account
from app.http.limits import DEFAULT_PAGE, MAX_QUERY_TEXT
from app.http.state import state_of
from app.rest.answers import NOT_MODIFIED, mail_problems
from app.rest.conditional import json_answer
from app.rest.dependencies import AccountRef, Caller, MailboxRef
from app.rest.encoding import encode_nested
from app.rest.paging import Cursor, Limit, link_header
from app.rest.routes.mailboxes import LIST_CACHE
from app.services.threads import ThreadMessages, ThreadPage

router = APIRouter(tags=["mailboxes"])

ThreadRef = Annotated[
    str,
    Path(
        max_length=MAX_QUERY_TEXT,
        description="Id of the thread, `thr_…`, or of one of its messages.",
        examples=["thr_paste_one_from_a_page"],
    ),
]


@router.get(
    "/v1/accounts/{account}/mailboxes/{mailbox}/threads",
    operation_id="listThreads",
    summary="List threads",
    response_model=ThreadPage,
    responses=mail_problems() | NOT_MODIFIED,
)
async def list_threads(
    request: Request,
    account: AccountRef,
    mailbox: MailboxRef,
    principal: Caller,
    limit: Limit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> Response:
    """A page of conversations of a mailbox, the one with the newest message first."""
    at = state_of(request)
    page = await at.threads.page(
        principal, await resolve_account(account, principal, at), mailbox, limit=limit, cursor=cursor
    )
    return json_answer(request, encode_nested(page), LIST_CACHE, link_header(request, page.next))


@router.get(
    "/v1/accounts/{account}/threads/{thread}",
    operation_id="getThread",
    summary="Read a thread",
    response_model=ThreadMessages,
    responses=mail_problems("stale_reference") | NOT_MODIFIED,
)
async def get_thread(request: Request, account: AccountRef, thread: ThreadRef, principal: Caller) -> Response:
    """The messages of a conversation as list rows, oldest first."""
    at = state_of(request)
    found = await at.threads.messages(principal, await resolve_account(account, principal, at), thread)
    return json_answer(request, encode_nested(found), LIST_CACHE)
