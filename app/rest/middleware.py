"""What surrounds every request: its id, its cost, its log line, its headers."""

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import PayloadTooLarge
from app.http.state import FaceServices
from app.rest.limits import MAX_REQUEST_ID
from app.rest.problems import problem, unexpected
from app.services.rate_limit import Allowance
from app.telemetry.log import reset_request_id, set_request_id
from app.telemetry.trace import CallCost, begin_call

_log = logging.getLogger("mailhatch.access")
_REQUEST_ID = re.compile(rf"[A-Za-z0-9._:/+=-]{{1,{MAX_REQUEST_ID}}}\Z")
#: W3C Trace Context: version 00, trace id, parent id, flags.
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\Z")
#: Where messages are handed in.
_UPLOAD = re.compile(r"/v1/accounts/[^/]+/mailboxes/[^/]+/messages\Z")
#: Paths that say nothing in a log: asked every few seconds by probes and scrapers.
_QUIET = frozenset(("/livez", "/readyz", "/metrics"))


class RequestFrame:
    """ASGI middleware: request id in and out, Server-Timing, RateLimit headers, one log line, one metric."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        """Wrap an app; `root_path` is the prefix a proxy strips, which addresses that go out get back."""
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._root_path:
            scope["root_path"] = self._root_path
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        token = set_request_id(request_id)
        cost = begin_call()
        begun = time.perf_counter()
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(MutableHeaders(scope=message), scope, request_id, cost, time.perf_counter() - begun)
            await send(message)

        try:
            await self._app(scope, receive, told)
        except (
            ClientDisconnect
        ):  # half a body came, as of an upload that is broken off: nobody's fault, and nobody hears
            pass
        except Exception as error:
            if status:  # the answer has begun: only breaking it off is honest
                raise
            await unexpected(error, scope)(scope, receive, told)
        finally:
            _record(scope, status or 499, time.perf_counter() - begun, cost, headers)
            reset_request_id(token)


class BodyBound:
    """ASGI middleware: refuses a body over the bound, as a problem like any other.

    The announced length is looked at first; what comes is counted all the same.
    """

    def __init__(self, app: ASGIApp, most: int, most_upload: int) -> None:
        """Wrap an app; both are bytes, the second of a message that is handed in, which is streamed."""
        self._app = app
        self._most = most
        self._most_upload = most_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = scope["method"] == "POST" and _UPLOAD.search(scope["path"])
        most = self._most_upload if is_upload else self._most
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdigit() and int(length) > most:
            answer = problem(PayloadTooLarge(f"A body may have {most} bytes."), scope)
            await answer(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:  # the one error that FastAPI lets through while it reads a body
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    if _REQUEST_ID.match(given):
        return given
    trace = _TRACEPARENT.match(headers.get("traceparent", ""))
    return trace[1] if trace else secrets.token_hex(8)


def _add_headers(headers: MutableHeaders, scope: Scope, request_id: str, cost: CallCost, took: float) -> None:
    headers["X-Request-Id"] = request_id
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Cache-Control", "no-store")
    headers["Server-Timing"] = (
        f'pool;dur={cost.pool_wait * 1000:.1f}, mail;dur={cost.mail * 1000:.1f};desc="{cost.round_trips} round trips", '
        f"total;dur={took * 1000:.1f}"
    )
    allowance: Allowance | None = scope.get("state", {}).get("allowance")
    if allowance:
        headers["RateLimit-Policy"] = f'"default";q={allowance.limit};w={allowance.window}'
        headers["RateLimit"] = f'"default";r={allowance.remaining};t={allowance.reset}'


def _record(scope: Scope, status: int, took: float, cost: CallCost, headers: Headers) -> None:
    route = scope.get("route")
    template = getattr(route, "path", None) or "unmatched"
    services: FaceServices | None = getattr(scope["app"].state, "services", None)
    if services:
        services.metrics.observe_request(scope["method"], template, status, took)
    if template in _QUIET:
        return
    fields: dict[str, object] = {
        "method": scope["method"],
        "route": template,
        "status": status,
        "seconds": round(took, 5),
        "mail_seconds": round(cost.mail, 5),
        "round_trips": cost.round_trips,
        "token": scope.get("state", {}).get("token_id"),
    }
    trace = _TRACEPARENT.match(headers.get("traceparent", ""))
    if trace:
        fields["trace_id"] = trace[1]
    _log.info("request", extra=fields)
