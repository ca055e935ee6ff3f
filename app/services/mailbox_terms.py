"""What `in:` means: which of an account's mailboxes a query names."""

from datetime import UTC, date, datetime

from app.domain.mailbox import Mailbox
from app.domain.ports import Clock
from app.domain.search import In, Term, leaves

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
