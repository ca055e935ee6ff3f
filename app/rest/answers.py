"""What the OpenAPI says an operation may answer besides success: every problem by status."""

from typing import Any

from app.rest.problems import FRAMEWORK, MEDIA_TYPE, STATUS
from app.rest.views import ProblemView

_COMMON = ("invalid_request", "unauthorized", "rate_limited", "internal_error", "shutting_down", "storage_unavailable")
_ACCOUNT = (*_COMMON, "forbidden", "not_found", "conflict")
#: What any operation on a mail server can end in.
_MAIL = (
    *_ACCOUNT,
    "account_paused",
    "authentication_failed",
    "host_not_allowed",
    "mailbox_locked",
    "not_supported_by_server",
    "tls_failed",
    "too_many_connections",
    "upstream_protocol_error",
    "upstream_rejected",
    "upstream_throttled",
    "upstream_timeout",
    "upstream_unavailable",
)
#: What any change of mail can end in besides.
_EDIT = (*_MAIL, "permission_denied", "quota_exceeded", "outcome_unknown")
#: What an Idempotency-Key can be refused for.
IDEMPOTENCY = ("idempotency_in_progress", "idempotency_mismatch")
_BODY = ("payload_too_large",)

#: Of everything with an ETag.
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The copy that `If-None-Match` names is still right."}
}

Responses = dict[int | str, dict[str, Any]]


def _problems(*codes: str) -> Responses:
    by_status: dict[int, list[str]] = {}
    status_of = {error.code: status for error, status in STATUS.items()}
    for code in sorted(set(codes)):
        by_status.setdefault(status_of[code], []).append(code)
    return {
        status: {
            "description": "Problem: " + ", ".join(f"`{code}`" for code in names),
            "model": ProblemView,
            "content": {MEDIA_TYPE: {"examples": {code: {"value": _example(code, status)} for code in names}}},
        }
        for status, names in sorted(by_status.items())
    }


def _example(code: str, status: int) -> dict[str, object]:
    error = next(error for error in STATUS if error.code == code)
    return {
        "type": f"/problems/{code}",
        "title": error.title,
        "status": status,
        "detail": "A sentence about this case.",
        "instance": "/v1/accounts",
        "code": code,
        "blame": str(error.blame),
        "retryable": error.is_retryable,
        "request_id": "6f1c2a9be0d94b7a",
    }


def caller_problems(*more: str) -> Responses:
    """Problems of operations that touch no account."""
    return _problems(*_COMMON, "forbidden", *more)


def account_problems(*more: str) -> Responses:
    """Problems of operations on an account that ask no mail server."""
    return _problems(*_ACCOUNT, *more)


def mail_problems(*more: str) -> Responses:
    """Problems of operations that ask a mail server."""
    return _problems(*_MAIL, *more)


def edit_problems(*more: str) -> Responses:
    """Problems of operations that change mail."""
    return _problems(*_EDIT, *more)


def unsupported_media_type() -> Responses:
    """Of what takes certain kinds of bodies alone; told by the framework, as a problem like any other."""
    code, title = FRAMEWORK[415]
    example = _example("invalid_request", 415) | {"type": f"/problems/{code}", "title": title, "code": code}
    content = {MEDIA_TYPE: {"examples": {code: {"value": example}}}}
    return {415: {"description": f"Problem: `{code}`", "model": ProblemView, "content": content}}


def body_problems(*more: str) -> tuple[str, ...]:
    """Add what a request body can be refused for."""
    return (*_BODY, *more)
