"""What a `-ERR` means in our taxonomy: by response code (RFC 2449, RFC 3206), never by message text.

Server text is never repeated in a detail: it may hold what the user sent.
"""

from collections.abc import Callable

from app.domain.errors import (
    AuthenticationFailed,
    MailboxLocked,
    MailhatchError,
    UpstreamProtocolError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from app.pop3.limits import BUSY_RETRY
from app.pop3.wire.responses import Status

_BY_CODE: dict[str, Callable[[], MailhatchError]] = {
    "IN-USE": lambda: MailboxLocked("The maildrop is in use by another session.", retry_after=BUSY_RETRY),
    "LOGIN-DELAY": lambda: UpstreamThrottled(
        "The mail server wants longer pauses between logins.", retry_after=BUSY_RETRY
    ),
    "SYS/TEMP": lambda: UpstreamUnavailable("The mail server reports a passing fault.", retry_after=30),
    "SYS/PERM": lambda: UpstreamRejected("The mail server reports a fault that a person has to mend."),
    "AUTH": lambda: AuthenticationFailed("The mail server refused the user name or the password."),
}


def refusal(status: Status) -> MailhatchError:
    """Translate a `-ERR` after login."""
    known = _BY_CODE.get(status.code or "")
    return known() if known else UpstreamRejected("The mail server refused the operation.")


def login_refusal(status: Status) -> MailhatchError:
    """Translate a `-ERR` to a login. Without a code it is a refusal of the credentials: most servers have none."""
    known = _BY_CODE.get(status.code or "")
    return known() if known else AuthenticationFailed("The mail server refused the user name or the password.")


def greeting_refusal(status: Status) -> MailhatchError:
    """Translate a greeting that is none."""
    known = _BY_CODE.get(status.code or "")
    if known is None:
        return UpstreamUnavailable("The mail server turns us away.")
    error = known()
    if isinstance(error, AuthenticationFailed):  # of nobody yet
        return UpstreamProtocolError("The mail server does not greet as a POP3 server does.")
    return error
