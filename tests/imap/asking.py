"""Short ways to ask a session."""

from collections.abc import Callable

from app.domain.edits import MessageSet
from app.domain.ids import Uid
from app.domain.query import PageQuery, PageRows
from app.imap.session import ImapSession
from tests.imap.conftest import soon
from tests.support.mail_user import MailUser

LogIn = Callable[[MailUser], ImapSession]

NOTHING: frozenset[Uid] = frozenset()


def first_page(session: ImapSession, known: frozenset[Uid] = NOTHING, limit: int = 10, box: str = "INBOX") -> PageRows:
    return session.page(PageQuery(box, limit), known, soon())


def next_page(session: ImapSession, page: PageRows, known: frozenset[Uid] = NOTHING, limit: int = 10) -> PageRows:
    last = page.rows[-1]
    return session.page(PageQuery("INBOX", limit, last.uid, page.uidvalidity, last.seq), known, soon())


def uids(page: PageRows) -> list[int]:
    return [row.uid for row in page.rows]


def uidvalidity(session: ImapSession, box: str = "INBOX") -> int:
    return first_page(session, limit=1, box=box).uidvalidity


def some(session: ImapSession, *numbers: int, box: str = "INBOX") -> MessageSet:
    """Messages of a mailbox under the UIDVALIDITY of now."""
    return MessageSet(box, uidvalidity(session, box), tuple(Uid(number) for number in numbers))


def flags_of(session: ImapSession, box: str = "INBOX", limit: int = 200) -> dict[int, tuple[str, ...]]:
    """Flags of all messages of a small mailbox, by UID."""
    return {row.uid: row.flags for row in first_page(session, limit=limit, box=box).rows}


def trips(session: ImapSession, do: Callable[[], object]) -> int:
    before = session.round_trips
    do()
    return session.round_trips - before
