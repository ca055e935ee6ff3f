"""Errors as RFC 9457 problems: one table from error to status, one shape for every way a request can fail."""

import logging
import math
from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from app.domain import errors
from app.domain.errors import FieldProblem, InvalidRequest, MailhatchError
from app.http.findings import refusal
from app.telemetry.log import current_request_id

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[MailhatchError], int] = {
    errors.InvalidRequest: 400,
    errors.NotFound: 404,
    errors.StaleReference: 410,
    errors.CursorExpired: 410,
    errors.PreconditionFailed: 412,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.HostNotAllowed: 422,
    errors.PayloadTooLarge: 413,
    errors.RangeNotSatisfiable: 416,
    errors.Conflict: 409,
    errors.MailboxExists: 409,
    errors.MailboxNotEmpty: 409,
    errors.RoleMissing: 409,
    errors.IdempotencyConflict: 409,
    errors.IdempotencyMismatch: 422,
    errors.AccountPaused: 409,
    errors.RateLimited: 429,
    errors.NotSupportedByServer: 501,
    errors.AuthenticationFailed: 502,
    errors.MailboxLocked: 503,
    errors.UpstreamProtocolError: 502,
    errors.UpstreamThrottled: 503,
    errors.UpstreamRejected: 502,
    errors.PermissionDenied: 403,
    errors.QuotaExceeded: 507,
    errors.UpstreamUnavailable: 503,
    errors.UpstreamTimeout: 504,
    errors.OutcomeUnknown: 504,
    errors.TlsFailed: 502,
    errors.TooManyConnections: 503,
    errors.StorageUnavailable: 503,
    errors.ShuttingDown: 503,
    errors.InternalError: 500,
}

#: Seconds to wait before a retry where the error itself does not know: long enough for a connection to come free.
_DEFAULT_RETRY_AFTER = 1
_RETRY_STATUSES = (429, 503)
#: Relative to the service, which explains each code at this address.
_TYPE = "/problems/"

#: What the framework itself may answer, by status: code and title.
FRAMEWORK = {
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "This method is not allowed here"),
    406: ("not_acceptable", "Not acceptable"),
    413: ("payload_too_large", "The payload is too large"),
    415: ("unsupported_media_type", "Unsupported media type"),
}


def problem_body(error: MailhatchError, scope: Scope) -> dict[str, object]:
    """Tell an error of the request that `scope` is (ASGI): it names its path and the path prefix."""
    body: dict[str, object] = {
        "type": _root(scope) + _TYPE + error.code,
        "title": error.title,
        "status": STATUS[type(error)],
        "detail": error.detail,
        "instance": _instance(scope),
        "code": error.code,
        "blame": str(error.blame),
        "retryable": error.is_retryable,
        "request_id": current_request_id(),
    }
    match error:
        case InvalidRequest():
            body["errors"] = [_finding(item) for item in error.problems]
        case errors.StaleReference():
            body["moved_to"] = error.moved_to
        case errors.NotSupportedByServer():
            body["capability"] = error.capability
        case _:
            pass
    return body


def problem(error: MailhatchError, scope: Scope) -> Response:
    """Make the answer for an error of the request that `scope` is (ASGI)."""
    status = STATUS[type(error)]
    headers: dict[str, str] = {}
    match error:
        case errors.Unauthorized():
            headers["WWW-Authenticate"] = "Bearer" if error.is_missing else 'Bearer error="invalid_token"'
        case errors.Forbidden() if error.scope:
            headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{error.scope}"'
        case errors.RangeNotSatisfiable() if error.size is not None:
            headers["Content-Range"] = f"bytes */{error.size}"
        case _:
            pass
    if status in _RETRY_STATUSES:
        wait = error.retry_after if error.retry_after is not None else _DEFAULT_RETRY_AFTER
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return Response(msgspec.json.encode(problem_body(error, scope)), status, headers, MEDIA_TYPE)


def _finding(item: FieldProblem) -> dict[str, object]:
    found: dict[str, object] = {"detail": item.detail, "pointer": item.pointer}
    if item.code is not None:
        found |= {"code": item.code, "position": item.position}
    return found


def framework_problem(status: int, detail: str | None, scope: Scope, headers: dict[str, str] | None) -> Response:
    """Make the answer for what the framework refused before our code saw it."""
    code, title = FRAMEWORK.get(status, ("invalid_request", HTTPStatus(status).phrase))
    body = {
        "type": _root(scope) + _TYPE + code,
        "title": title,
        "status": status,
        "detail": detail or title,
        "instance": _instance(scope),
        "code": code,
        "blame": str(errors.Blame.CALLER),
        "retryable": False,
        "request_id": current_request_id(),
    }
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)


def _root(scope: Scope) -> str:
    root: str = scope.get("root_path", "")
    return root


def _instance(scope: Scope) -> str:
    path: str = scope["path"]
    return path if path.startswith(_root(scope)) else _root(scope) + path


def validation_problem(failed: RequestValidationError) -> InvalidRequest:
    """Turn the framework's findings into ours, with JSON Pointers; the values themselves are never repeated."""
    return refusal(failed.errors())


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Make the app, which has these routes, answer every failure as a problem."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, MailhatchError)
        if isinstance(error, errors.StorageUnavailable):  # the operator's business, not only the caller's
            _log.error("the database cannot be used", exc_info=error.__cause__ or error)
        return problem(error, request.scope)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(validation_problem(error), request.scope)

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = _allowed(routes, request)
        detail = error.detail if error.status_code not in FRAMEWORK else None
        return framework_problem(error.status_code, detail, request.scope, headers)

    app.add_exception_handler(MailhatchError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, framework)


def _allowed(routes: Sequence[BaseRoute], request: Request) -> str:
    """Name every method of a path: the framework stops at the first route that has it."""
    methods: set[str] = set()
    for route in routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE and isinstance(route, Route):
            methods |= route.methods or set()
    return ", ".join(sorted(methods))


def unexpected(error: Exception, scope: Scope) -> Response:
    """Log a bug of ours and make the answer for it, without its inside."""
    _log.error("unexpected error", exc_info=error, extra={"path": scope["path"]})
    return problem(errors.InternalError("A fault of the service; the log has it under this request_id."), scope)
