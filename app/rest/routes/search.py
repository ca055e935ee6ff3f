"""Searching an account."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from app.domain.lookup import Sort, SortKey
from app.domain.search.limits import MAX_QUERY
from app.http.account_references import resolve_account
from app.http.limits import DEFAULT_PAGE, MAX_QUERY_TEXT
from app.http.state import state_of
from app.rest.answers import NOT_MODIFIED, mail_problems
from app.rest.conditional import json_answer
from app.rest.dependencies import AccountRef, Caller
from app.rest.encoding import encode_rows
from app.rest.paging import Limit, link_header
from app.rest.routes.mailboxes import ALL_BUT_PREVIEW, LIGHT, LIST_CACHE, Fields, selected_fields
from app.rest.search_views import SearchFailureView, SearchResults
from app.services.limits import SEARCH_CURSOR
from app.services.searches import SearchPage, SearchRequest

router = APIRouter(tags=["messages"])

SortWord = Literal["date", "-date", "received", "-received", "size", "-size", "subject", "-subject", "from", "-from"]

Asked = Annotated[
    str,
    Query(
        alias="q",
        max_length=MAX_QUERY + 1,  # what is longer is refused with the code of the grammar
        description="What to look for: words, and operators such as `from:ana is:unread has:attachment newer_than:7d "
        "-in:archive`. Empty finds everything.",
        examples=["is:unread newer_than:1y"],
    ),
]

InMailbox = Annotated[
    str | None, Query(max_length=MAX_QUERY_TEXT, description="Id or role of one mailbox; without it, the account.")
]
SortedBy = Annotated[
    SortWord | None, Query(description="Only where one mailbox is searched; with a minus, the largest first.")
]
SearchCursor = Annotated[
    str | None, Query(max_length=SEARCH_CURSOR, description="`next` of the page before; good for the same search.")
]


@router.get(
    "/v1/accounts/{account}/search",
    operation_id="searchMessages",
    summary="Search messages",
    response_model=SearchResults,
    responses=mail_problems("cursor_expired") | NOT_MODIFIED,
)
async def search_messages(
    request: Request,
    account: AccountRef,
    principal: Caller,
    query: Asked = "",
    mailbox: InMailbox = None,
    sort: SortedBy = None,
    limit: Limit = DEFAULT_PAGE,
    cursor: SearchCursor = None,
    fields: Fields = None,
) -> Response:
    """Find messages in one mailbox or in all of an account, newest first, as the rows that lists have.

    Trash and junk are searched when they are named. Bare words, `body:` and `text:` need the scope `mail.body.read`.
    """
    only = selected_fields(fields)
    at = state_of(request)
    page = await at.searches.search(
        principal,
        await resolve_account(account, principal, at),
        SearchRequest(
            query=query,
            mailbox=mailbox,
            sort=Sort(SortKey(sort.lstrip("-")), sort.startswith("-")) if sort else None,
            limit=limit,
            cursor=cursor,
            with_preview=only is not None and "preview" in only,
            with_facts=only is None or not only <= LIGHT,
        ),
    )
    body = encode_rows(page.items, only or ALL_BUT_PREVIEW, _beside_items(page))
    return json_answer(request, body, LIST_CACHE, link_header(request, page.next))


def _beside_items(page: SearchPage) -> dict[str, object]:
    return {
        "next": page.next,
        "total": page.total,
        "unsupported_terms": page.unsupported_terms,
        "failures": [SearchFailureView.of(one) for one in page.failures],
        "sorted_by": page.sorted_by,
    }
