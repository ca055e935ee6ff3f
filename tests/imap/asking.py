"""Short ways to ask a session."""

from collections.abc import Callable

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


def trips(session: ImapSession, do: Callable[[], object]) -> int:
    before = session.round_trips
    do()
    return session.round_trips - before
