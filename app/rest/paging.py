"""Cursor pages: the query's parameters and the Link header (RFC 8288)."""

import re
from typing import Annotated

from fastapi import Query, Request

from app.http.addresses import base_url
from app.http.limits import DEFAULT_PAGE, MAX_PAGE, MAX_QUERY_TEXT

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description=f"How many items at most; default {DEFAULT_PAGE}.")]
Cursor = Annotated[
    str | None,
    Query(max_length=MAX_QUERY_TEXT, description="`next` of the page before. Opaque; good for the same query alone."),
]
#: Pairs that the framework would take apart and write again as they are.
#: Possessive, and `&` between pairs: read in any other way, `a=a=a=…%` takes time that doubles with each `=`.
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_.-]++=[A-Za-z0-9_.-]*+(?:&[A-Za-z0-9_.-]++=[A-Za-z0-9_.-]*+)*+", re.ASCII)


def link_header(request: Request, following: str | None) -> dict[str, str]:
    """Return the Link header to the next page, or nothing on the last."""
    if following is None:
        return {}
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return {"Link": f'<{base_url(request)}{path}?{_with_cursor(request, following)}>; rel="next"'}


def _with_cursor(request: Request, following: str) -> str:
    """Write the query with another cursor, at its end; one that needs no escaping stays as it is."""
    query = request.scope["query_string"].decode("latin-1")
    if query and not _PLAIN_QUERY.fullmatch(f"{query}&{following}="):
        return request.url.include_query_params(cursor=following).query
    kept = [pair for pair in query.split("&") if pair and not pair.startswith("cursor=")]
    return "&".join([*kept, f"cursor={following}"])
