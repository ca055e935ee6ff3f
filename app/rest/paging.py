"""Cursor pages: the query's parameters and the Link header (RFC 8288)."""

from typing import Annotated

from fastapi import Query, Request

from app.http.addresses import base_url
from app.http.limits import DEFAULT_PAGE, MAX_PAGE, MAX_QUERY_TEXT

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description=f"How many items at most; default {DEFAULT_PAGE}.")]
Cursor = Annotated[
    str | None,
    Query(max_length=MAX_QUERY_TEXT, description="`next` of the page before. Opaque; good for the same query alone."),
]


def link_header(request: Request, following: str | None) -> dict[str, str]:
    """Return the Link header to the next page, or nothing on the last."""
    if following is None:
        return {}
    url = request.url.include_query_params(cursor=following)
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return {"Link": f'<{base_url(request)}{path}?{url.query}>; rel="next"'}
