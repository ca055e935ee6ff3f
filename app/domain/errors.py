"""The one taxonomy of errors.

Each has a stable `code`, says whose fault it is, whether trying again helps, and when::

    MailhatchError
    ├── caller    InvalidRequest NotFound StaleReference CursorExpired PreconditionFailed Unauthorized Forbidden
    │             HostNotAllowed PayloadTooLarge Conflict IdempotencyConflict IdempotencyMismatch RateLimited
    │             RangeNotSatisfiable AccountPaused MailboxExists MailboxNotEmpty RoleMissing
    ├── mail server  NotSupportedByServer AuthenticationFailed MailboxLocked UpstreamProtocolError
    │                UpstreamThrottled UpstreamRejected PermissionDenied QuotaExceeded
    ├── network   UpstreamUnavailable UpstreamTimeout OutcomeUnknown TlsFailed
    └── service   TooManyConnections StorageUnavailable ShuttingDown InternalError

`detail` is shown to clients: it never holds a secret or mail content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Blame(StrEnum):
    """Whose fault an error is."""

    CALLER = "caller"
    MAIL_SERVER = "mail_server"
    NETWORK = "network"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with the input: `pointer` is a JSON Pointer (RFC 6901) into the body, or `/query/<name>`.

    Of a language of its own, such as a search, `code` is the stable reason and `position` the character, from 1.
    """

    detail: str
    pointer: str
    code: str | None = None
    position: int | None = None


class MailhatchError(Exception):
    """Base of every error a client may be told of."""

    code: ClassVar[str]
    title: ClassVar[str]
    blame: ClassVar[Blame]
    is_retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        """Take the sentence a client sees, and in how many seconds a retry makes sense."""
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class InvalidRequest(MailhatchError):
    """The input is malformed; `problems` says where."""

    code = "invalid_request"
    title = "The request is not valid"
    blame = Blame.CALLER

    def __init__(self, detail: str, problems: Sequence[FieldProblem] = ()) -> None:
        """Take the sentence and the single findings behind it."""
        super().__init__(detail)
        self.problems = tuple(problems)


class NotFound(MailhatchError):
    """No such thing for this principal; another tenant's id looks the same."""

    code = "not_found"
    title = "Not found"
    blame = Blame.CALLER


class StaleReference(MailhatchError):
    """The id named a message or mailbox that is no longer there; `moved_to` is its new id where known."""

    code = "stale_reference"
    title = "The message is no longer there"
    blame = Blame.CALLER

    def __init__(self, detail: str, moved_to: str | None = None) -> None:
        """Take the sentence and the new id, where known."""
        super().__init__(detail)
        self.moved_to = moved_to


class CursorExpired(MailhatchError):
    """The cursor belongs to a state of the mailbox that has ended; start again without it."""

    code = "cursor_expired"
    title = "The cursor is no longer valid"
    blame = Blame.CALLER


class PreconditionFailed(MailhatchError):
    """`If-Match` did not hold."""

    code = "precondition_failed"
    title = "The precondition failed"
    blame = Blame.CALLER


class Unauthorized(MailhatchError):
    """No API token, or one that is unknown, expired or revoked."""

    code = "unauthorized"
    title = "A valid API token is needed"
    blame = Blame.CALLER

    def __init__(self, detail: str, *, is_missing: bool = False) -> None:
        """Take the sentence, and whether no token was given at all."""
        super().__init__(detail)
        self.is_missing = is_missing


class Forbidden(MailhatchError):
    """The token is valid but lacks `scope`."""

    code = "forbidden"
    title = "The token does not allow this"
    blame = Blame.CALLER

    def __init__(self, detail: str, scope: str | None = None) -> None:
        """Take the sentence and the scope that would allow it."""
        super().__init__(detail)
        self.scope = scope


class HostNotAllowed(MailhatchError):
    """The mail host resolves to an address that may not be dialled, or asks for an unencrypted connection."""

    code = "host_not_allowed"
    title = "This mail server may not be dialled"
    blame = Blame.CALLER


class PayloadTooLarge(MailhatchError):
    """The body is over its bound."""

    code = "payload_too_large"
    title = "The payload is too large"
    blame = Blame.CALLER


class RangeNotSatisfiable(MailhatchError):
    """The `Range` lies outside the representation; `size` is its length in bytes where known."""

    code = "range_not_satisfiable"
    title = "The range cannot be satisfied"
    blame = Blame.CALLER

    def __init__(self, detail: str, size: int | None = None) -> None:
        """Take the sentence and the length of the representation in bytes."""
        super().__init__(detail)
        self.size = size


class Conflict(MailhatchError):
    """The thing exists already, or changed meanwhile."""

    code = "conflict"
    title = "Conflict"
    blame = Blame.CALLER


class MailboxExists(MailhatchError):
    """Another mailbox has this name."""

    code = "mailbox_exists"
    title = "There is a mailbox of this name"
    blame = Blame.CALLER


class MailboxNotEmpty(MailhatchError):
    """The mailbox holds messages or mailboxes, and deleting them was not asked for."""

    code = "mailbox_not_empty"
    title = "The mailbox is not empty"
    blame = Blame.CALLER


class RoleMissing(MailhatchError):
    """No mailbox of the account has the role that this needs, such as Trash."""

    code = "role_missing"
    title = "The account has no mailbox for this"
    blame = Blame.CALLER


class IdempotencyConflict(MailhatchError):
    """The first request with this Idempotency-Key is still running."""

    code = "idempotency_in_progress"
    title = "The first request with this key is still running"
    blame = Blame.CALLER
    is_retryable = True


class IdempotencyMismatch(MailhatchError):
    """The Idempotency-Key was used with another payload."""

    code = "idempotency_mismatch"
    title = "This key was used with another payload"
    blame = Blame.CALLER


class AccountPaused(MailhatchError):
    """The account is paused; `resume` makes it reachable again."""

    code = "account_paused"
    title = "The account is paused"
    blame = Blame.CALLER


class RateLimited(MailhatchError):
    """The token's own limit is used up."""

    code = "rate_limited"
    title = "Too many requests"
    blame = Blame.CALLER
    is_retryable = True


class NotSupportedByServer(MailhatchError):
    """The mail server lacks `capability`."""

    code = "not_supported_by_server"
    title = "The mail server cannot do this"
    blame = Blame.MAIL_SERVER

    def __init__(self, detail: str, capability: str) -> None:
        """Take the sentence and the capability that is missing."""
        super().__init__(detail)
        self.capability = capability


class AuthenticationFailed(MailhatchError):
    """The mail server refused the credentials."""

    code = "authentication_failed"
    title = "The mail server refused the credentials"
    blame = Blame.MAIL_SERVER


class MailboxLocked(MailhatchError):
    """Another session holds the maildrop."""

    code = "mailbox_locked"
    title = "The mailbox is in use by another session"
    blame = Blame.MAIL_SERVER
    is_retryable = True


class UpstreamProtocolError(MailhatchError):
    """The mail server broke its protocol or one of our bounds."""

    code = "upstream_protocol_error"
    title = "The mail server answered what could not be understood"
    blame = Blame.MAIL_SERVER
    is_retryable = True


class UpstreamThrottled(MailhatchError):
    """The mail server asks for a pause."""

    code = "upstream_throttled"
    title = "The mail server asks for a pause"
    blame = Blame.MAIL_SERVER
    is_retryable = True


class UpstreamRejected(MailhatchError):
    """The mail server said no to this operation; the connection is fine."""

    code = "upstream_rejected"
    title = "The mail server refused the operation"
    blame = Blame.MAIL_SERVER


class PermissionDenied(MailhatchError):
    """The mail server does not let this user do it: an access control list, or a mailbox that can only be read."""

    code = "permission_denied"
    title = "The mail server does not permit this"
    blame = Blame.MAIL_SERVER


class QuotaExceeded(MailhatchError):
    """The user's space on the mail server is used up."""

    code = "quota_exceeded"
    title = "The mailbox is full"
    blame = Blame.MAIL_SERVER


class UpstreamUnavailable(MailhatchError):
    """The mail server could not be reached or hung up."""

    code = "upstream_unavailable"
    title = "The mail server cannot be reached"
    blame = Blame.NETWORK
    is_retryable = True


class UpstreamTimeout(MailhatchError):
    """The mail server did not answer within the deadline."""

    code = "upstream_timeout"
    title = "The mail server did not answer in time"
    blame = Blame.NETWORK
    is_retryable = True


class OutcomeUnknown(MailhatchError):
    """The connection was lost while the mail server had the command: it may or may not have been carried out.

    Not retryable as it stands: look first what became of it.
    """

    code = "outcome_unknown"
    title = "Whether this was done is not known"
    blame = Blame.NETWORK


class TlsFailed(MailhatchError):
    """TLS could not be set up: certificate not trusted, expired, for another name, or no TLS spoken."""

    code = "tls_failed"
    title = "No trusted TLS connection to the mail server"
    blame = Blame.NETWORK


class TooManyConnections(MailhatchError):
    """Back-pressure: every connection this account or host may have is busy, and the wait was too long."""

    code = "too_many_connections"
    title = "All connections to the mail server are busy"
    blame = Blame.SERVICE
    is_retryable = True


class StorageUnavailable(MailhatchError):
    """The service's own database cannot be reached, is busy for too long, or is full."""

    code = "storage_unavailable"
    title = "The service's database cannot be used right now"
    blame = Blame.SERVICE
    is_retryable = True


class ShuttingDown(MailhatchError):
    """The service is going down; another replica or the next start will answer."""

    code = "shutting_down"
    title = "The service is shutting down"
    blame = Blame.SERVICE
    is_retryable = True


class InternalError(MailhatchError):
    """A bug of ours, told without its inside."""

    code = "internal_error"
    title = "Something went wrong in the service"
    blame = Blame.SERVICE


def all_errors() -> tuple[type[MailhatchError], ...]:
    """Every concrete error, in the order of definition; the tables of the faces are proved complete with it."""
    return tuple(MailhatchError.__subclasses__())
