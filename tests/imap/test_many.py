"""Many messages of one mailbox at once, on Dovecot: what one by one gives, in a round trip."""

import pytest

from app.domain.errors import NotFound, StaleReference
from app.domain.ids import Uid
from app.domain.query import MessageAddress, SectionRange
from tests.imap.asking import LogIn, trips, uidvalidity
from tests.imap.conftest import soon
from tests.support.dovecot import MailUser

pytestmark = pytest.mark.dovecot

MULTIPART = (
    b"Subject: two\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--b--\r\n"
)


def test_messages_are_what_each_is_by_itself(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(30)
    mail_user.append(MULTIPART)
    session = log_in(mail_user)
    validity = uidvalidity(session)
    wanted = [Uid(number) for number in (31, 2, 30, 900)]
    assert trips(session, lambda: session.messages("INBOX", validity, wanted, soon())) == 1
    found = session.messages("INBOX", validity, wanted, soon())
    assert set(found) == {31, 2, 30}
    for uid, facts in found.items():
        assert facts == session.message(MessageAddress("INBOX", validity, uid), soon())
    assert session.messages("INBOX", validity, (), soon()) == {}


def test_more_messages_than_one_flush_may_bring(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(230)
    session = log_in(mail_user)
    validity = uidvalidity(session)
    every = [Uid(number) for number in range(1, 231)]
    found = session.messages("INBOX", validity, every, soon())
    assert [found[uid].summary.subject for uid in every] == [f"Message number {number}" for number in range(230)]


def test_sections_of_a_page_are_one_round_trip_and_few_commands(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(50)
    mail_user.append(MULTIPART)
    session = log_in(mail_user)
    validity = uidvalidity(session)
    text = (SectionRange("1", 0, 10),)
    wanted: dict[Uid, tuple[SectionRange, ...]] = {Uid(number): text for number in range(1, 51)}
    wanted |= {Uid(51): (SectionRange("2"), SectionRange("1", 2)), Uid(900): text}
    commands = session._connection.dialogue._tags
    assert trips(session, lambda: session.many_sections("INBOX", validity, wanted, soon())) == 1
    assert session._connection.dialogue._tags - commands == 2
    found = session.many_sections("INBOX", validity, wanted, soon())
    assert found[Uid(51)] == (b"<p>html</p>", b"ain")
    assert [found[Uid(number)] for number in range(1, 51)] == [(b"This is th",)] * 50
    assert Uid(900) not in found
    assert session.many_sections("INBOX", validity, {Uid(1): ()}, soon()) == {Uid(1): ()}


def test_large_sections_are_split_into_flushes_that_fit(mail_user: MailUser, log_in: LogIn) -> None:
    text = b"x" * 70 + b"\r\n"
    mail_user.append_all([b"Subject: n\r\n\r\n" + text * 14_000] * 3)
    mail_user.fill(40)
    session = log_in(mail_user)
    validity = uidvalidity(session)
    wanted = {Uid(number): (SectionRange(""),) for number in range(1, 44)}
    assert trips(session, lambda: session.many_sections("INBOX", validity, wanted, soon())) == 3
    found = session.many_sections("INBOX", validity, wanted, soon())
    assert sorted(len(one[0]) for one in found.values())[-3:] == [14 + 72 * 14_000] * 3
    assert len(found) == 43


def test_a_mailbox_that_is_not_the_same_any_more_is_stale(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(1)
    session = log_in(mail_user)
    validity = uidvalidity(session)
    wanted = {Uid(1): (SectionRange("1"),)}
    for box, number in (("INBOX", validity + 1), ("Nowhere", validity)):
        with pytest.raises(StaleReference):
            session.messages(box, number, [Uid(1)], soon())
        with pytest.raises(StaleReference):
            session.many_sections(box, number, wanted, soon())
    with pytest.raises(NotFound):
        session.many_sections("INBOX", validity, {Uid(1): (SectionRange("1 2"),)}, soon())
    assert session.is_usable
