"""Which mailboxes a search looks into."""

from collections.abc import Sequence

from app.domain.mailbox import Mailbox, Role
from app.domain.search import Term, named
from app.services.mailbox_terms import ANYWHERE, has_in, is_in

#: Searched only when they are asked for: nobody looks for what was thrown away, and spam would drown the rest.
_ASIDE = frozenset((Role.TRASH, Role.JUNK))
#: What lies in these lies in other mailboxes too.
_VIEWS = frozenset((Role.ALL, Role.FLAGGED))


def targets(boxes: Sequence[Mailbox], term: Term) -> list[Mailbox]:
    """Choose mailboxes for a query that names none besides its `in:`; the inbox is first.

    Without `in:` it is the mailbox with the role `all`, where there is one; else all mailboxes but trash and junk, and
    but views of messages that are elsewhere.
    """
    usable = [box for box in boxes if box.is_selectable and box.total != 0]
    everything = next((box for box in usable if box.role is Role.ALL), None)
    if everything is not None and not has_in(term):
        return [everything]
    asked = named(term)
    by_name = asked - {ANYWHERE}

    def is_wanted(box: Mailbox) -> bool:
        if any(is_in(box, value) for value in by_name):
            return True
        return box.role not in _VIEWS and (ANYWHERE in asked or box.role not in _ASIDE)

    return [box for box in usable if is_wanted(box)]
