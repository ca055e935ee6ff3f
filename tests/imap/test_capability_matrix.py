"""The same questions with Dovecot's capabilities switched off one by one: the answers never change."""

from collections.abc import Callable

import pytest

from app.domain.account import Password
from app.domain.ids import Uid
from app.domain.query import MessageAddress, PageQuery, SectionRange
from tests.imap.asking import NOTHING, first_page, next_page, uids
from tests.imap.conftest import Open, soon
from tests.support.dovecot import Dovecot

pytestmark = pytest.mark.dovecot

EVERYTHING = (
    "LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT THREAD=REFERENCES MULTIAPPEND UNSELECT CHILDREN NAMESPACE "
    "UIDPLUS LIST-EXTENDED ESEARCH SEARCHRES WITHIN LIST-STATUS BINARY MOVE PREVIEW SPECIAL-USE CONDSTORE QRESYNC "
    "AUTH=PLAIN"
)
#: Those that change what we send, and what the service then pays in round trips for the tree of mailboxes.
SWITCHED_OFF = {
    "nothing": 1,
    "LITERAL+": 1,
    "SASL-IR": 1,
    "ID": 1,
    "LIST-STATUS": 2,
    "LIST-EXTENDED": 2,
    "SPECIAL-USE": 1,
    "ESEARCH": 1,
    "PREVIEW": 1,
    "CONDSTORE": 1,
    "everything": 2,
}


@pytest.mark.parametrize(("off", "tree_trips"), SWITCHED_OFF.items())
def test_answers_do_not_depend_on_extensions(
    dovecot_with: Callable[..., Dovecot], open_session: Open, off: str, tree_trips: int
) -> None:
    gone = {"CONDSTORE", "QRESYNC"} if off == "CONDSTORE" else {off}
    left = [] if off == "everything" else [one for one in EVERYTHING.split() if one not in gone]
    server = dovecot_with(capability=" ".join(["IMAP4rev1", *left]))
    user = server.add_user()
    user.fill(60)
    user.create_mailbox("Entwürfe €")
    session = open_session(user.plain, user.username, Password(user.password))
    assert not gone & set(session.capabilities().server)

    tree = {one.name: one for one in session.mailboxes(soon())}
    assert session.round_trips == tree_trips
    assert (tree["INBOX"].messages, tree["INBOX"].uidnext, tree["INBOX"].unseen) == (60, 61, 0)
    assert tree["Entwürfe €"].is_subscribed
    assert tree["INBOX"].modseq is not None or off in {"CONDSTORE", "everything"}

    page = first_page(session)
    assert uids(page) == list(range(60, 50, -1))
    assert uids(next_page(session, page)) == list(range(50, 40, -1))
    deep = session.page(PageQuery("INBOX", 3, Uid(21), page.uidvalidity, None, with_preview=True), NOTHING, soon())
    assert uids(deep) == [20, 19, 18]
    assert [row.facts.preview for row in deep.rows if row.facts] == [
        f"This is the text of message {number}." for number in (19, 18, 17)
    ]
    address = MessageAddress("INBOX", page.uidvalidity, Uid(60))
    facts = session.message(address, soon())
    assert (facts.summary.subject, facts.structure.section) == ("Message number 59", "1")
    assert session.sections(address, [SectionRange("1", 5, 6)], soon()) == (b"is the",)
    assert first_page(session, box="Entwürfe €").total == 0
