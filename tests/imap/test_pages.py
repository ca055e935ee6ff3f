"""Pages of a real Dovecot: what is answered, and in how many round trips."""

from itertools import pairwise

import pytest

from app.domain.errors import (
    CursorExpired,
    NotFound,
    StaleReference,
)
from app.domain.ids import Seq, Uid
from app.domain.query import MessageAddress, PageQuery, SectionRange
from tests.imap.asking import NOTHING, LogIn, first_page, next_page, trips, uids
from tests.imap.conftest import soon
from tests.support.mail_user import MailUser

pytestmark = pytest.mark.dovecot


def test_pages_are_newest_first_and_cost_one_round_trip_each(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(25)
    session = log_in(mail_user)
    page = first_page(session)
    assert session.round_trips == 2
    seen = uids(page)
    assert (page.total, page.has_more, len(page.rows)) == (25, True, 10)
    assert page.modseq
    before = session.round_trips
    while page.has_more:
        page = next_page(session, page)
        assert all(row.facts is not None for row in page.rows)
        seen += uids(page)
    assert seen == list(range(25, 0, -1))
    assert session.round_trips - before == 2


def test_what_a_row_tells(mail_user: MailUser, log_in: LogIn) -> None:
    raw = (
        b"From: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\r\nTo: undisclosed-recipients:;\r\n"
        b'Cc: "Doe, Jane" <jane@example.org>, x@y.example\r\nReply-To: list@example.org\r\n'
        b"Subject: =?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=\r\nDate: Mon, 31 Feb 2026 10:00:00 +0100\r\n"
        b"Message-ID: <m1@example.org>\r\nIn-Reply-To: <m0@example.org>\r\n"
        b"References: <m9@example.org> <m0@example.org>\r\n"
        b"List-Id: <l.example.org>\r\nList-Unsubscribe: <https://example.org/u>\r\n"
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nHello there, friend\r\n"
        b"--b\r\nContent-Type: application/pdf; name*=utf-8''r%C3%A9sum%C3%A9.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\nAAAA\r\n--b--\r\n"
    )
    uid = mail_user.append(raw, flags=["\\Flagged", "$Forwarded"], received=1_767_225_600.0)
    session = log_in(mail_user)
    row = session.page(PageQuery("INBOX", 5, with_preview=True), NOTHING, soon()).rows[0]
    facts = row.facts
    assert facts is not None
    assert (row.uid, row.flags) == (uid, ("$Forwarded", "flagged"))
    assert [(a.name, a.email) for a in facts.from_] == [("Jürgen", "j@example.org")]
    assert facts.to == ()
    assert [(a.name, a.email) for a in facts.cc] == [("Doe, Jane", "jane@example.org"), (None, "x@y.example")]
    assert [a.email for a in facts.reply_to] == ["list@example.org"]
    assert facts.subject == "日本語"
    assert facts.date is None
    assert facts.received == "2026-01-01T00:00:00+00:00"
    assert facts.message_id == "m1@example.org"
    assert facts.in_reply_to == ("m0@example.org",)
    assert facts.references == ("m9@example.org", "m0@example.org")
    assert facts.list is not None
    assert (facts.list.id, facts.list.is_one_click) == ("l.example.org", True)
    assert [(a.part, a.filename, a.content_type) for a in facts.attachments] == [("2", "résumé.pdf", "application/pdf")]
    assert facts.preview == "Hello there, friend"
    assert facts.size == len(raw)
    assert facts.defects == ()


def test_a_known_page_comes_with_flags_alone_in_one_round_trip(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(25)
    session = log_in(mail_user)
    known = frozenset(row.uid for row in first_page(session).rows)
    mail_user.set_flags([25], ["\\Answered"])
    before = session.round_trips
    page = first_page(session, known)
    assert session.round_trips - before == 1
    assert [row.facts for row in page.rows] == [None] * 10
    assert [row.flags for row in page.rows][:2] == [("answered",), ("seen",)]


def test_an_arrival_costs_one_round_trip_more(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(25)
    session = log_in(mail_user)
    known = frozenset(row.uid for row in first_page(session).rows)
    (new,) = mail_user.append_all([b"Subject: new\r\n\r\nx"])
    before = session.round_trips
    page = first_page(session, known)
    assert session.round_trips - before == 2
    assert uids(page) == [new, *range(25, 16, -1)]
    assert page.total == 26
    assert page.rows[0].facts is not None
    assert page.rows[0].facts.subject == "new"
    assert [row.facts for row in page.rows[1:]] == [None] * 9
    assert [row.seq for row in page.rows] == list(range(26, 16, -1))


def test_an_expunge_costs_one_round_trip_more(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(25)
    session = log_in(mail_user)
    known = frozenset(row.uid for row in first_page(session).rows)
    mail_user.expunge([20, 23])
    before = session.round_trips
    page = first_page(session, known)
    assert session.round_trips - before == 2
    assert uids(page) == [25, 24, 22, 21, 19, 18, 17, 16, 15, 14]
    assert [row.uid for row in page.rows if row.facts is not None] == [15, 14]
    assert [row.seq for row in page.rows] == list(range(23, 13, -1))
    assert page.total == 23


def test_arrivals_and_expunges_at_once(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(25)
    session = log_in(mail_user)
    known = frozenset(row.uid for row in first_page(session).rows)
    mail_user.expunge([25, 24, 1])
    new = mail_user.append_all([b"Subject: 1\r\n\r\nx", b"Subject: 2\r\n\r\nx", b"Subject: 3\r\n\r\nx"])
    before = session.round_trips
    page = first_page(session, known)
    assert session.round_trips - before <= 2
    assert uids(page) == [*reversed(new), *range(23, 16, -1)]
    assert all(row.facts is not None or row.uid in known for row in page.rows)


def test_everything_expunged_is_an_empty_page(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(5)
    session = log_in(mail_user)
    known = frozenset(row.uid for row in first_page(session).rows)
    mail_user.expunge([1, 2, 3, 4, 5])
    page = first_page(session, known)
    assert (page.rows, page.total, page.has_more) == ((), 0, False)
    assert session.is_usable
    (new,) = mail_user.append_all([b"Subject: back\r\n\r\nx"])
    assert uids(first_page(session, known)) == [new]


def test_another_mailbox_costs_two_round_trips(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(25)
    mail_user.create_mailbox("Other")
    session = log_in(mail_user)
    known = frozenset(row.uid for row in first_page(session).rows)
    assert session.selected == "INBOX"
    assert trips(session, lambda: first_page(session, box="Other")) == 1, "an empty mailbox has nothing to fetch"
    assert session.selected == "Other"
    assert trips(session, lambda: first_page(session, known)) == 2
    first_page(session, box="Other")
    mail_user.append(b"Subject: new\r\n\r\nx")
    before = session.round_trips
    page = first_page(session, known)
    assert session.round_trips - before == 2
    assert uids(page) == [26, *range(25, 16, -1)]
    assert [row.uid for row in page.rows if row.facts is not None] == [26]


def test_a_cursor_stands_while_messages_come_and_go(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(40)
    session = log_in(mail_user)
    page = first_page(session)
    mail_user.append(b"Subject: new\r\n\r\nx")
    assert trips(session, lambda: next_page(session, page)) == 1
    assert uids(next_page(session, page)) == list(range(30, 20, -1))
    mail_user.expunge([31])  # the cursor's own message
    assert uids(next_page(session, page)) == list(range(30, 20, -1))
    mail_user.expunge([1, 2, 3, 30, 29])
    before = session.round_trips
    assert uids(next_page(session, page)) == list(range(28, 18, -1))
    assert session.round_trips - before <= 2


@pytest.mark.parametrize("hint", [None, 1, 5000, 300])
def test_any_depth_without_a_good_hint(mail_user: MailUser, log_in: LogIn, hint: int | None) -> None:
    mail_user.fill(1000)
    session = log_in(mail_user)
    validity = first_page(session).uidvalidity
    query = PageQuery("INBOX", 10, Uid(501), validity, None if hint is None else Seq(hint))
    before = session.round_trips
    page = session.page(query, NOTHING, soon())
    assert uids(page) == list(range(500, 490, -1))
    assert session.round_trips - before <= 3
    end = session.page(PageQuery("INBOX", 10, Uid(1), validity, None), NOTHING, soon())
    assert (end.rows, end.has_more) == ((), False)


def test_a_limit_over_the_total_ends_the_pages(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(3)
    page = first_page(log_in(mail_user), limit=200)
    assert uids(page) == [3, 2, 1]
    assert not page.has_more


def test_a_renumbered_mailbox_expires_cursors_and_references(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(20)
    session = log_in(mail_user)
    page = first_page(session)
    mail_user.change_uidvalidity()
    session = log_in(mail_user)
    with pytest.raises(CursorExpired):
        next_page(session, page)
    with pytest.raises(StaleReference):
        session.message(MessageAddress("INBOX", page.uidvalidity, Uid(1)), soon())
    with pytest.raises(StaleReference):
        session.sections(MessageAddress("INBOX", page.uidvalidity, Uid(1)), [SectionRange("1")], soon())
    assert session.is_usable


@pytest.mark.parametrize("name", ["INBOX\r\nx LOGOUT", "nul\0", "\r", "a\n* 5 EXISTS"])
def test_a_name_with_a_line_break_never_leaves(mail_user: MailUser, log_in: LogIn, name: str) -> None:
    session = log_in(mail_user)
    with pytest.raises(NotFound):
        first_page(session, box=name)
    assert session.round_trips == 0
    assert session.is_usable


@pytest.mark.parametrize("name", ["No/Such", "*", "", "Übel & übler", "a" * 3000, "tab\t", "\uf026"])
def test_an_unknown_mailbox_is_not_found_and_leaves_none_selected(
    mail_user: MailUser, log_in: LogIn, name: str
) -> None:
    mail_user.fill(1)
    session = log_in(mail_user)
    first_page(session)
    with pytest.raises(NotFound):
        first_page(session, box=name)
    assert session.selected is None
    with pytest.raises(StaleReference):
        session.flags(MessageAddress(name, 1, Uid(1)), soon())
    assert session.is_usable
    assert uids(first_page(session)) == [1]


def test_reading_marks_nothing(mail_user: MailUser, log_in: LogIn) -> None:
    uid = mail_user.append(b"Subject: x\r\n\r\nunread")
    session = log_in(mail_user)
    page = first_page(session)
    address = MessageAddress("INBOX", page.uidvalidity, Uid(uid))
    session.message(address, soon())
    session.sections(address, [SectionRange("1"), SectionRange("")], soon())
    assert session.flags(address, soon()) == ()
    with mail_user.client() as imap:
        assert imap.select_folder("INBOX")[b"RECENT"] == 1


def test_pages_of_all_sizes_agree(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(30)
    mail_user.expunge([3, 4, 5, 11, 29, 30])
    session = log_in(mail_user)
    everything = uids(first_page(session, limit=200))
    for limit in (1, 7, 24, 25):
        page = first_page(session, limit=limit)
        seen = uids(page)
        while page.has_more:
            page = next_page(session, page, limit=limit)
            seen += uids(page)
        assert seen == everything
        assert all(newer > older for newer, older in pairwise(seen))
