"""What a query means for an account: which mailboxes `in:` names, which scope it needs, which day it is."""

from datetime import UTC, date, datetime

from app.domain.access import Principal, Scope
from app.domain.mailbox import Mailbox
from app.domain.ports import Clock
from app.domain.search import In, Term, Text, TextField, leaves

_BODIES = frozenset((TextField.BODY, TextField.TEXT))

#: `in:` every mailbox, trash and junk included.
ANYWHERE = "anywhere"


def is_in(box: Mailbox, value: str) -> bool:
    """Whether `in:value` means this mailbox: by id, role, whole path with slashes, or its last level; the names in any
    case of letters.
    """
    if value == box.id:
        return True
    wanted = value.casefold()
    return wanted in {ANYWHERE, box.role, box.name.casefold(), "/".join(box.path).casefold()}


def has_in(term: Term) -> bool:
    """Whether a query asks about mailboxes at all."""
    return any(isinstance(leaf, In) for leaf in leaves(term))


def today(clock: Clock) -> date:
    """The day from which ages are counted back: that of UTC."""
    return datetime.fromtimestamp(clock.now(), UTC).date()


def require_scope(principal: Principal, term: Term) -> None:
    """Raise Forbidden for a query that would learn what is in bodies, unless the caller may read them."""
    if any(isinstance(leaf, Text) and leaf.field in _BODIES for leaf in leaves(term)):
        principal.require(Scope.MAIL_BODY_READ)
