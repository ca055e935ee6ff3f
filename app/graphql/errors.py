"""Errors in a GraphQL answer: the same codes as in REST, and nothing of our inside."""

import logging
from typing import Any

from graphql import GraphQLError

from app.domain import errors
from app.domain.errors import FieldProblem, MailhatchError
from app.telemetry.log import current_request_id

_log = logging.getLogger(__name__)

#: What `extensions.code` says of each error: the word that is `code` in a REST problem. A test shows it complete.
CODES: dict[type[MailhatchError], str] = {
    error: error.code
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, MailhatchError) and error is not MailhatchError
}
_UNREADABLE = "A value of the document or of its variables cannot be read."
_UNEXPECTED = "A fault of the service; the log has it under this request id."


def formatted(error: GraphQLError) -> dict[str, Any]:
    """Write an error as GraphQL over HTTP has it; `extensions` holds what a REST problem holds besides."""
    cause = _cause(error)
    answer: dict[str, Any] = {"message": cause.detail if cause else error.message}
    if error.locations:
        answer["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path is not None:
        answer["path"] = error.path
    answer["extensions"] = described(cause or errors.InvalidRequest(error.message))
    return answer


def described(error: MailhatchError) -> dict[str, Any]:
    """Write the `extensions` of an error."""
    told: dict[str, Any] = {
        "code": CODES[type(error)],
        "blame": str(error.blame),
        "retryable": error.is_retryable,
        "requestId": current_request_id(),
    }
    if error.retry_after is not None:
        told["retryAfter"] = round(error.retry_after, 3)
    match error:
        case errors.InvalidRequest() if error.problems:
            told["errors"] = [_finding(item) for item in error.problems]
        case errors.StaleReference():
            told["movedTo"] = error.moved_to
        case errors.NotSupportedByServer():
            told["capability"] = error.capability
        case errors.Forbidden() if error.scope:
            told["scope"] = error.scope
        case _:
            pass
    return told


def _finding(item: FieldProblem) -> dict[str, Any]:
    found: dict[str, Any] = {"detail": item.detail, "pointer": item.pointer}
    return found if item.code is None else found | {"code": item.code, "position": item.position}


def _cause(error: GraphQLError) -> MailhatchError | None:
    """Find the error of ours behind one; a fault that nobody foresaw is logged, and told as such."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if cause is None:  # GraphQL's own: the document or its variables are wrong
        return None
    if isinstance(cause, errors.StorageUnavailable):  # the operator's business, not only the caller's
        _log.error("the database cannot be used", exc_info=cause.__cause__ or cause)
    if isinstance(cause, MailhatchError):
        return cause
    if isinstance(cause, ValueError) and error.path is None:  # not executed yet: a number with 5,000 digits
        return errors.InvalidRequest(_UNREADABLE)
    _log.error("unexpected error", exc_info=cause, extra={"path": "/graphql"})
    return errors.InternalError(_UNEXPECTED)
