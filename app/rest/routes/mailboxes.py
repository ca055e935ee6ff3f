"""Mailboxes and their pages of summaries."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.domain.errors import FieldProblem, InvalidRequest
from app.domain.message import Summary
from app.http.account_references import resolve_account
from app.http.limits import DEFAULT_PAGE, MAX_PAGE, MAX_QUERY_TEXT
from app.http.state import state_of
from app.rest.answers import NOT_MODIFIED, mail_problems
from app.rest.conditional import json_answer
from app.rest.dependencies import AccountRef, Caller, MailboxRef
from app.rest.encoding import EncodedPages, encode_page
from app.rest.paging import Cursor, Limit, link_header
from app.rest.quick import QuickRoute, number, word
from app.rest.views import MailboxList, SummaryList

router = APIRouter(tags=["mailboxes"])
_MAILBOXES = "/v1/accounts/{account}/mailboxes"
_MESSAGES = "/v1/accounts/{account}/mailboxes/{mailbox}/messages"

FIELDS = tuple(name.rstrip("_") for name in Summary.__slots__)
#: What a row has without asking the mail server for more than UIDs and flags.
LIGHT = frozenset(("id", "mailbox_id", "flags"))
#: A list may be kept, but must be asked for again each time: its ETag answers 304.
LIST_CACHE = "private, no-cache"
#: Characters of `fields`: all names together have half as many.
MAX_FIELDS_TEXT = 512

Fields = Annotated[
    str | None,
    Query(
        max_length=MAX_FIELDS_TEXT,
        description="Only these fields of each summary, and `id`, with commas. `preview` comes only when named "
        f"here. Without `fields`: all others. One of: {', '.join(FIELDS)}.",
        examples=["id,from,subject,date,flags,preview"],
    ),
]


@router.get(
    _MAILBOXES,
    operation_id="listMailboxes",
    summary="List mailboxes",
    response_model=MailboxList,
    responses=mail_problems() | NOT_MODIFIED,
)
async def list_mailboxes(request: Request, account: AccountRef, principal: Caller) -> Response:
    """All mailboxes with role and counts, parents before children: one round trip to the mail server."""
    at = state_of(request)
    items = await at.mailboxes.tree(principal, await resolve_account(account, principal, at))
    return json_answer(request, encode_page(items, None), LIST_CACHE)


@router.get(
    _MESSAGES,
    operation_id="listMessages",
    summary="List messages",
    response_model=SummaryList,
    responses=mail_problems("cursor_expired") | NOT_MODIFIED,
)
async def list_messages(
    request: Request,
    account: AccountRef,
    mailbox: MailboxRef,
    principal: Caller,
    limit: Limit = DEFAULT_PAGE,
    cursor: Cursor = None,
    fields: Fields = None,
) -> Response:
    """A page of summaries, newest first. Nothing is marked as read, and no body is downloaded."""
    only = selected_fields(fields)
    at = state_of(request)
    page = await at.messages.page(
        principal,
        await resolve_account(account, principal, at),
        mailbox,
        limit=limit,
        cursor=cursor,
        with_preview=only is not None and "preview" in only,
        with_facts=only is None or not only <= LIGHT,
    )
    encoded: EncodedPages = request.app.state.encoded_pages
    body, etag = encoded.encode(page, only or ALL_BUT_PREVIEW)
    return json_answer(request, body, LIST_CACHE, link_header(request, page.next), etag)


quick = (
    QuickRoute(
        _MESSAGES,
        list_messages,
        {
            "limit": number(1, MAX_PAGE),
            "cursor": word("[A-Za-z0-9_-]+", MAX_QUERY_TEXT),
            "fields": word("[a-z_,]+", MAX_FIELDS_TEXT),
        },
        limit=DEFAULT_PAGE,
        cursor=None,
        fields=None,
    ),
    QuickRoute(_MAILBOXES, list_mailboxes, {}),
)

ALL_BUT_PREVIEW = frozenset(FIELDS) - {"preview"}


def selected_fields(fields: str | None) -> frozenset[str] | None:
    """Read the parameter `fields`; None is all but the preview. Raises InvalidRequest."""
    if fields is None:
        return None
    wanted = frozenset(name.strip() for name in fields.split(",") if name.strip())
    unknown = sorted(wanted.difference(FIELDS))
    if unknown or not wanted:
        detail = f"No such field: {', '.join(unknown)[:100]}." if unknown else "Name at least one field."
        raise InvalidRequest(detail, [FieldProblem(detail, "/query/fields")])
    return wanted | {"id"}
