"""What foreign failures mean in our taxonomy: by type and response code (RFC 5530), never by message text.

Two texts alone are read, because the servers document them and give no code: Microsoft's backoff time and Gmail's
limit on connections. Server text is never repeated in a detail: it may hold what the user sent.
"""

import re
from collections.abc import Callable

from app.domain.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidRequest,
    MailboxLocked,
    MailhatchError,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    QuotaExceeded,
    TlsFailed,
    UpstreamProtocolError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from app.imap.limits import MAX_BACKOFF
from app.imap.wire.responses import Code

_BACKOFF = re.compile(rb"Suggested Backoff Time: ([0-9]{1,12}) milliseconds", re.IGNORECASE)
_TOO_MANY = re.compile(rb"\AToo many simultaneous connections", re.IGNORECASE)

_Make = Callable[[], MailhatchError]


def _throttled() -> MailhatchError:
    return UpstreamThrottled("The mail server says that a limit is reached.", retry_after=60)


def _refused() -> MailhatchError:
    return AuthenticationFailed("The mail server refused the user name or the password.")


#: What a code means of a command that changes something, where that is another thing than of one that reads.
_BY_CODE_OF_EDITS: dict[bytes, _Make] = {
    b"OVERQUOTA": lambda: QuotaExceeded("The mail server has no room left for this user."),
    b"LIMIT": lambda: UpstreamRejected("The mail server says that a limit is reached."),
    b"ALREADYEXISTS": lambda: Conflict("There is a mailbox of this name already."),
    b"CANNOT": lambda: InvalidRequest("The mail server says that this can never be done."),
    b"HASCHILDREN": lambda: Conflict("There are mailboxes in this mailbox."),
    b"TOOBIG": lambda: PayloadTooLarge("The message is larger than the mail server takes."),  # RFC 4469, RFC 7889
}

_BY_CODE: dict[bytes, _Make] = {
    b"UNAVAILABLE": lambda: UpstreamUnavailable("The mail server says that it is unavailable.", retry_after=30),
    b"LIMIT": _throttled,
    b"THROTTLED": _throttled,  # Yahoo and Zoho, beyond RFC 5530
    b"OVERQUOTA": _throttled,  # Gmail says so of its bandwidth limit; reading needs no storage
    b"INUSE": lambda: MailboxLocked("The mailbox is in use by another session.", retry_after=10),
    b"NONEXISTENT": lambda: NotFound("There is no such mailbox."),
    b"TRYCREATE": lambda: NotFound("There is no such mailbox."),
    b"NOPERM": lambda: PermissionDenied("The mail server does not permit this."),
    b"CORRUPTION": lambda: UpstreamRejected("The mail server reports damaged data."),
    b"AUTHENTICATIONFAILED": _refused,
    b"AUTHORIZATIONFAILED": lambda: AuthenticationFailed("The mail server does not let this user in."),
    b"EXPIRED": lambda: AuthenticationFailed("The mail server says that the password has expired."),
    b"PRIVACYREQUIRED": lambda: TlsFailed("The mail server demands an encrypted connection. Use `tls` or `starttls`."),
    b"CONTACTADMIN": lambda: UpstreamRejected("The mail server says: contact its administrator."),
}


def refusal(status: bytes, code: Code | None, text: bytes) -> MailhatchError:
    """Translate a NO or BAD that completed a command after login."""
    known = _known(code, text)
    if known is not None:
        return known
    if status == b"BAD":
        return UpstreamProtocolError("The mail server did not understand a command.")
    return UpstreamRejected("The mail server refused the operation.")


def edit_refusal(status: bytes, code: Code | None, text: bytes) -> MailhatchError:
    """Translate a NO or BAD that completed a command which changes mail or mailboxes.

    A full mailbox is said as OVERQUOTA there, as RFC 5530 means it; a pause that is asked for in words still counts.
    """
    make = _BY_CODE_OF_EDITS.get(code.name) if code is not None and not _BACKOFF.search(text) else None
    return refusal(status, code, text) if make is None else make()


def login_refusal(status: bytes, code: Code | None, text: bytes) -> MailhatchError:
    """Translate a NO or BAD that completed a login. A NO without a code is a refusal of the credentials."""
    known = _known(code, text)
    if isinstance(known, NotFound | UpstreamRejected | PermissionDenied):
        return AuthenticationFailed("The mail server refused the login.")
    if known is not None:
        return known
    if status == b"BAD":
        return UpstreamProtocolError("The mail server did not understand the login.")
    return _refused()


def select_refusal(status: bytes, code: Code | None, text: bytes) -> MailhatchError:
    """Translate a NO or BAD to SELECT. Servers without RFC 5530 say NO without a code for an unknown mailbox, and
    CANNOT is said of names that no mailbox may have.
    """
    is_vague = code is None or code.name == b"CANNOT"
    if status == b"NO" and is_vague and _known(code, text) is None:
        return NotFound("There is no such mailbox.")
    return refusal(status, code, text)


def farewell(code: Code | None, text: bytes) -> MailhatchError:
    """Translate an untagged BYE: whatever the reason, this connection has ended."""
    known = _known(code, text)
    if isinstance(known, UpstreamThrottled | UpstreamUnavailable | MailboxLocked | AuthenticationFailed | TlsFailed):
        return known
    return UpstreamUnavailable("The mail server said goodbye.")


def _known(code: Code | None, text: bytes) -> MailhatchError | None:
    backoff = _BACKOFF.search(text)
    if backoff is not None:
        wait = min(int(backoff.group(1)) / 1000, MAX_BACKOFF)
        return UpstreamThrottled("The mail server asks for a pause.", retry_after=wait)
    if _TOO_MANY.match(text):
        return _throttled()
    make = _BY_CODE.get(code.name) if code is not None else None
    return None if make is None else make()
