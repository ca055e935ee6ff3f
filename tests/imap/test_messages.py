"""Mailboxes and open messages of a real Dovecot."""

import pytest

from app.domain.errors import (
    NotFound,
    StaleReference,
)
from app.domain.ids import Uid
from app.domain.mailbox import Role
from app.domain.query import MessageAddress, SectionRange
from tests.imap.asking import LogIn, first_page, trips, uids
from tests.imap.conftest import soon
from tests.support.mail_user import MailUser

pytestmark = pytest.mark.dovecot


def test_mailboxes_in_one_round_trip(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(3)
    mail_user.create_mailbox("Entwürfe & Co", "Kunden/北京", 'a "b" \\c')
    mail_user.append(b"Subject: x\r\n\r\nx", "Kunden/北京")
    session = log_in(mail_user)
    found = {one.name: one for one in session.mailboxes(soon())}
    assert session.round_trips == 1
    assert {"INBOX", "Entwürfe & Co", "Kunden", "Kunden/北京", 'a "b" \\c', "Sent", "Trash"} <= set(found)
    assert (found["INBOX"].messages, found["INBOX"].unseen) == (3, 0)
    assert (found["Kunden/北京"].messages, found["Kunden/北京"].unseen) == (1, 1)
    assert found["Kunden/北京"].is_subscribed
    assert found["Kunden/北京"].uidvalidity
    assert not found["Kunden"].is_selectable
    assert found["Kunden"].messages is None
    assert found["Sent"].special_use is Role.SENT
    assert found["INBOX"].special_use is None
    assert found["INBOX"].delimiter == "/"
    for name in ("Entwürfe & Co", 'a "b" \\c'):
        assert first_page(session, box=name).total == 0


NESTED = (
    b"From: a@example.org\r\nSubject: outer\r\nX-Odd: =?utf-8?Q?=C3=BC?=\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=o\r\n\r\n"
    b"--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
    b"--i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain\r\n"
    b"--i\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--i--\r\n"
    b"--o\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: inner\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=n\r\n\r\n"
    b"--n\r\n\r\ninner text\r\n--n--\r\n"
    b"--o--\r\n"
)


def test_an_open_message(mail_user: MailUser, log_in: LogIn) -> None:
    uid = mail_user.append(NESTED, flags=["\\Seen"])
    session = log_in(mail_user)
    page = first_page(session)
    address = MessageAddress("INBOX", page.uidvalidity, Uid(uid))
    before = session.round_trips
    facts = session.message(address, soon())
    assert session.round_trips - before == 1
    assert [(part.section, part.content_type) for part in facts.structure.walk()] == [
        (None, "multipart/mixed"),
        ("1", "multipart/alternative"),
        ("1.1", "text/plain"),
        ("1.2", "text/html"),
        ("2", "message/rfc822"),
        (None, "multipart/mixed"),
        ("2.1", "text/plain"),
    ]
    assert facts.flags == ("seen",)
    assert [(one.name, one.value) for one in facts.headers][:3] == [
        ("From", "a@example.org"),
        ("Subject", "outer"),
        ("X-Odd", "ü"),
    ]
    assert facts.summary == page.rows[0].facts
    before = session.round_trips
    parts = session.sections(
        address, [SectionRange("2.1"), SectionRange("1.1", 2, 2), SectionRange("1.1"), SectionRange("", 0, 5)], soon()
    )
    assert parts == (b"inner text", b"ai", b"plain", b"From:")
    assert session.round_trips - before == 1


def test_sections_of_another_mailbox_come_in_one_round_trip(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.create_mailbox("Other")
    uid = mail_user.append(NESTED, "Other")
    session = log_in(mail_user)
    validity = first_page(session, box="Other").uidvalidity
    first_page(session)
    address = MessageAddress("Other", validity, Uid(uid))
    assert trips(session, lambda: session.sections(address, [SectionRange("1.2")], soon())) == 1
    first_page(session)
    assert trips(session, lambda: session.message(address, soon())) == 1
    assert session.selected == "Other"


def test_a_large_part_comes_in_chunks(mail_user: MailUser, log_in: LogIn) -> None:
    body = b"".join(b"%07d\r\n" % line for line in range(50_000))
    uid = mail_user.append(b"Subject: large\r\n\r\n" + body)
    session = log_in(mail_user)
    address = MessageAddress("INBOX", first_page(session).uidvalidity, Uid(uid))
    got = b""
    while chunk := session.sections(address, [SectionRange("1", len(got), 100_000)], soon())[0]:
        got += chunk
    assert got == body
    assert session.sections(address, [SectionRange("1", 10**7, 5)], soon()) == (b"",)


@pytest.mark.parametrize(
    "section", ["1\r\nx LOGOUT", "1] BODY[2", "0", "1..2", "x", "1.", "HEADER.FIELDS (X)", "1" * 50]
)
def test_what_is_no_section_is_not_found(mail_user: MailUser, log_in: LogIn, section: str) -> None:
    uid = mail_user.append(NESTED)
    session = log_in(mail_user)
    address = MessageAddress("INBOX", first_page(session).uidvalidity, Uid(uid))
    before = session.round_trips
    with pytest.raises(NotFound):
        session.sections(address, [SectionRange(section)], soon())
    assert session.round_trips == before
    assert session.is_usable


def test_a_message_that_is_gone_is_stale(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(3)
    session = log_in(mail_user)
    address = MessageAddress("INBOX", first_page(session).uidvalidity, Uid(2))
    mail_user.expunge([2])
    for ask in (
        lambda: session.message(address, soon()),
        lambda: session.flags(address, soon()),
        lambda: session.sections(address, [SectionRange("1")], soon()),
    ):
        with pytest.raises(StaleReference):
            ask()
    assert session.is_usable
    assert uids(first_page(session)) == [3, 1]
