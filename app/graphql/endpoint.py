"""GraphQL over HTTP at /graphql: https://graphql.github.io/graphql-over-http/draft/ (2025)."""

import math
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from graphql import GraphQLError, OperationType
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.domain import errors
from app.domain.errors import MailhatchError
from app.graphql import graphiql
from app.graphql.asked import Asked, read_get, read_post
from app.graphql.context import Call
from app.graphql.engine import Answer, Engine, Refused
from app.graphql.errors import formatted
from app.graphql.loaders import Loaders
from app.http.addresses import base_url
from app.http.admission import admitted
from app.http.state import state_of

_RESPONSE = "application/graphql-response+json"
_JSON = "application/json"
#: Statuses of what concerns the whole request; everything else of a request is 400, and of a field 200.
_STATUS: Mapping[type[MailhatchError], int] = {
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.PayloadTooLarge: 413,
    errors.RateLimited: 429,
    errors.InternalError: 500,
    errors.ShuttingDown: 503,
    errors.StorageUnavailable: 503,
}
_encoder = msgspec.json.Encoder()


class Endpoint:
    """The ASGI app behind /graphql."""

    def __init__(self, engine: Engine) -> None:
        """Take what executes."""
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        accepted = _accepted(request.headers.get("accept", "*/*"))
        try:
            answer = await self._answer(request, accepted)
        except MailhatchError as error:
            answer = _refusal(error, accepted)
        except HTTPException as error:  # the body is over its bound
            if error.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise
            answer = _refusal(errors.PayloadTooLarge("The body is too large."), accepted)
        await answer(scope, receive, send)

    async def _answer(self, request: Request, accepted: str | None) -> Response:
        if request.method not in {"GET", "POST"}:
            return _plain(405, "Use POST, or GET for queries.", {"Allow": "GET, POST"})
        if graphiql.is_wanted(request):
            return await graphiql.page(request)
        if accepted is None:
            return _plain(406, f"This answers {_RESPONSE} or {_JSON}.")
        call = await _call(request)
        if request.method == "POST":
            if not _is_json(request.headers.get("content-type", "")):
                return _plain(415, f"The body is {_JSON}.")
            asked = await read_post(request)
        else:
            asked = read_get(request)
        return _written(await self._executed(request, asked, call), accepted)

    async def _executed(self, request: Request, asked: Asked, call: Call) -> Answer:
        try:
            prepared = self._engine.prepare(asked)
            if prepared.kind is OperationType.MUTATION and request.method == "GET":
                raise errors.InvalidRequest("A mutation is sent by POST.")
            if prepared.kind is OperationType.SUBSCRIPTION:
                raise errors.InvalidRequest("A subscription is sent by WebSocket or as text/event-stream.")
            return await self._engine.run(prepared, asked, call)
        except Refused as refused:
            return refused.answer


async def _call(request: Request) -> Call:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    principal = await admitted(request, token.strip() if scheme.lower() == "bearer" and token.strip() else None)
    at, base = state_of(request), base_url(request)
    return Call(at, principal, base, Loaders(at, principal, base))


def _accepted(header: str) -> str | None:
    """Choose the media type: the new one where it is named, the old one for everybody else, None for neither."""
    kinds = [item.partition(";")[0].strip().lower() for item in header.split(",")]
    for kind in kinds:
        if kind == _RESPONSE:
            return _RESPONSE
        if kind in {_JSON, "application/*", "*/*", ""}:
            return _JSON
    return None


def _is_json(header: str) -> bool:
    """Only JSON: what a form of a foreign page can send is not, so that no page can act in somebody's name."""
    kind, _, parameters = header.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    return kind.strip().lower() == _JSON and charset in {"", "utf-8", "utf8"}


def _written(answer: Answer, accepted: str) -> Response:
    """With the old media type a refused document is 200, as clients of old expect."""
    status = 400 if answer.is_refused and accepted == _RESPONSE else 200
    return Response(_encoder.encode(answer.payload), status, media_type=f"{accepted}; charset=utf-8")


def _refusal(error: MailhatchError, accepted: str | None) -> Response:
    headers: dict[str, str] = {}
    if isinstance(error, errors.Unauthorized):
        headers["WWW-Authenticate"] = "Bearer" if error.is_missing else 'Bearer error="invalid_token"'
    status = _STATUS.get(type(error), 400)
    if status in {429, 503}:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after or 1)))
    payload = {"errors": [formatted(GraphQLError(error.detail, original_error=error))]}
    return Response(_encoder.encode(payload), status, headers, f"{accepted or _JSON}; charset=utf-8")


def _plain(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    payload = {"errors": [formatted(GraphQLError(message))]}
    return Response(_encoder.encode(payload), status, headers, f"{_JSON}; charset=utf-8")
