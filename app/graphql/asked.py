"""What a client sent over HTTP: https://graphql.github.io/graphql-over-http/draft/#sec-Request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request

from app.domain.errors import InvalidRequest
from app.graphql.limits import MAX_VALUES

_decoder = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Asked:
    """A document, the operation in it that is meant, and its variables."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


async def read_post(request: Request) -> Asked:
    """Read a POST with a JSON object. Raises InvalidRequest; a list, which would be a batch, is none either."""
    body = await request.body()
    try:
        given = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest("The body is not valid JSON.") from None
    if not isinstance(given, dict):
        raise InvalidRequest("The body is a JSON object with `query`; batches are not taken.")
    return _asked(given)


def read_get(request: Request) -> Asked:
    """Read the query string of a GET. Raises InvalidRequest."""
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if name in given:
            try:
                given[name] = _decoder.decode(given[name].encode())
            except (msgspec.DecodeError, RecursionError):
                raise InvalidRequest(f"`{name}` is not valid JSON.") from None
    return _asked(given)


def _asked(given: Mapping[str, Any]) -> Asked:
    query, name = given.get("query"), given.get("operationName")
    variables, extensions = given.get("variables"), given.get("extensions")
    if not isinstance(query, str) or not query:
        raise InvalidRequest("`query` holds the document, as text.")
    if not isinstance(name, str | None):
        raise InvalidRequest("`operationName` is text.")
    if not isinstance(variables, dict | None) or not isinstance(extensions, dict | None):
        raise InvalidRequest("`variables` and `extensions` are objects.")
    _check_values(variables or {})
    return Asked(query, name or None, variables or {})


def _check_values(variables: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for more values than an operation needs."""
    found = 0
    pending: list[Any] = [variables]
    while pending:
        one = pending.pop()
        inner = one.values() if isinstance(one, Mapping) else one if isinstance(one, list) else ()
        found += len(inner)
        if found > MAX_VALUES:
            raise InvalidRequest(f"The variables may hold {MAX_VALUES} values.")
        pending.extend(inner)
