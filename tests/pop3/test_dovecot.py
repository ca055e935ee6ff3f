"""POP3 on a real Dovecot: surveys, downloads and deletions, with their round trips."""

from collections.abc import Callable
from poplib import POP3

import pytest

from app.domain.account import Password
from app.domain.capabilities import CheckStep
from app.domain.errors import (
    AuthenticationFailed,
    MailboxLocked,
    PayloadTooLarge,
    StaleReference,
    TlsFailed,
    UpstreamUnavailable,
)
from app.domain.ids import Uid
from app.domain.maildrop import KnownMessage, Survey
from app.pop3.session import Pop3Session
from tests.imap.conftest import soon
from tests.pop3.conftest import Open
from tests.support.dovecot import Dovecot
from tests.support.mail_user import MailUser

pytestmark = pytest.mark.dovecot

LogIn = Callable[[MailUser], Pop3Session]


def raw(number: int, body: bytes = b"text\r\n") -> bytes:
    return b"From: a@example.org\r\nMessage-ID: <%d@example.org>\r\nSubject: no %d\r\n\r\n%s" % (number, number, body)


def numbered(survey: Survey, first: int = 1) -> list[KnownMessage]:
    """Give what arrived numbers, as the service does."""
    return [
        KnownMessage(Uid(uid), one.uidl, one.header.fingerprint if one.header else "", one.size)
        for uid, one in enumerate(survey.arrivals, first)
    ]


def subjects(survey: Survey) -> list[bytes]:
    """The number in each subject of what arrived, none where the header was not read."""
    return [one.header.data.partition(b"no ")[2][:1] if one.header else b"" for one in survey.arrivals]


def test_a_survey_tells_what_is_there_and_then_what_is_new(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.append_all([raw(1), raw(2)])
    first = log_in(mail_user)
    survey = first.survey((), (), 100, soon())
    assert subjects(survey) == [b"1", b"2"]
    assert all(one.header and b"text" not in one.header.data for one in survey.arrivals)
    assert survey.identity == "uidl"
    assert (survey.unread, survey.unsure) == (0, 0)
    first.close(soon())
    mail_user.append(raw(3))
    second = log_in(mail_user).survey(numbered(survey), (), 100, soon())
    assert [one.uid for one in second.present] == [1, 2]
    assert subjects(second) == [b"3"]


def test_the_newest_come_first_and_the_rest_with_the_next_look(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.append_all([raw(number) for number in range(1, 6)])
    session = log_in(mail_user)
    survey = session.survey((), (), 2, soon())
    assert subjects(survey) == [b"", b"", b"", b"4", b"5"]
    assert (survey.unread, survey.unsure) == (3, 0)
    second = session.survey(numbered(survey), [Uid(1)], 2, soon())
    assert sorted(second.headers) == [1, 3]
    assert (second.arrivals, second.unread) == ((), 1)


def test_round_trips_of_a_first_and_a_later_listing(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.server.fill(mail_user.username, 1000)
    session = log_in(mail_user)
    survey = session.survey((), (), 1000, soon())
    assert len(survey.arrivals) == 1000
    assert session.round_trips <= 8
    session.close(soon())
    mail_user.append_all([raw(number) for number in range(10)])
    later = log_in(mail_user)
    again = later.survey(numbered(survey), (), 1000, soon())
    assert (len(again.present), len(again.arrivals)) == (1000, 10)
    assert later.round_trips == 2


def test_a_message_is_downloaded_as_it_is_and_stays(mail_user: MailUser, log_in: LogIn) -> None:
    body = b".\r\n..\r\n.hidden\r\n" + b"x" * 1_000_000 + b"\r\nlast\r\n"
    mail_user.append(raw(1, body))
    session = log_in(mail_user)
    known = numbered(session.survey((), (), 100, soon()))
    pieces: list[bytes] = []
    session.retrieve(Uid(1), known, pieces.append, 2_000_000, soon())
    assert b"".join(pieces) == raw(1, body)
    session.close(soon())
    assert mail_user.uids() == [1]


def test_a_message_over_the_cap_is_refused_before_a_byte_of_it(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.append(raw(1, b"x" * 5000 + b"\r\n"))
    session = log_in(mail_user)
    known = numbered(session.survey((), (), 100, soon()))
    trips = session.round_trips
    with pytest.raises(PayloadTooLarge, match=str(known[0].size)):
        session.retrieve(Uid(1), known, lambda _: None, 1000, soon())
    assert session.round_trips == trips


def test_deletion_is_confirmed_and_ends_the_session(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.append_all([raw(1), raw(2), raw(3)])
    session = log_in(mail_user)
    known = numbered(session.survey((), (), 100, soon()))
    assert session.delete([Uid(1), Uid(3), Uid(9)], known, soon()) == (1, 3)
    assert not session.is_usable
    assert mail_user.uids() == [2]


def test_leaving_changes_nothing(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.append(raw(1))
    session = log_in(mail_user)
    session.survey((), (), 100, soon())
    session.close(soon())
    assert mail_user.uids() == [1]


def test_a_message_that_another_client_took_is_stale(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.append_all([raw(1), raw(2)])
    first = log_in(mail_user)
    known = numbered(first.survey((), (), 100, soon()))
    first.close(soon())
    other = POP3(mail_user.server.pop3.host, mail_user.server.pop3.port, timeout=20)
    other.user(mail_user.username)
    other.pass_(mail_user.password)
    other.dele(1)
    other.quit()
    session = log_in(mail_user)
    with pytest.raises(StaleReference):
        session.retrieve(Uid(1), known, lambda _: None, 1_000_000, soon())
    survey = session.survey(known, (), 100, soon())
    assert [one.uid for one in survey.present] == [2]


@pytest.mark.parametrize("way", ["pop3_stls", "pop3_tls"])
def test_encrypted_connections(mail_user: MailUser, open_session: Open, way: str) -> None:
    mail_user.append(raw(1))
    endpoint = getattr(mail_user.server, way)
    session = open_session(endpoint, mail_user.username, Password(mail_user.password), ca_pem=mail_user.ca_pem)
    assert len(session.survey((), (), 100, soon()).arrivals) == 1
    assert session.capabilities().protocol == "pop3"


def test_a_certificate_that_is_not_trusted_is_refused(mail_user: MailUser, open_session: Open) -> None:
    with pytest.raises(TlsFailed):
        open_session(mail_user.server.pop3_tls, mail_user.username, Password(mail_user.password))


def test_a_wrong_password_is_not_a_lock(mail_user: MailUser, open_session: Open) -> None:
    with pytest.raises(AuthenticationFailed):
        open_session(mail_user.server.pop3, mail_user.username, Password("wrong"))


def test_steps_are_told(mail_user: MailUser, open_session: Open) -> None:
    steps: list[str] = []
    endpoint = mail_user.server.pop3_stls
    credentials = Password(mail_user.password)

    def listener(step: CheckStep) -> None:
        steps.append(step.name)

    session = open_session(endpoint, mail_user.username, credentials, ca_pem=mail_user.ca_pem, listener=listener)
    assert steps == ["resolved", "connected", "greeting", "tls", "login", "capabilities"]
    session.ping(soon())


def test_a_name_and_password_of_any_letters(mail_user: MailUser, open_session: Open) -> None:
    user = mail_user.server.add_user("zoë@exämple.org", "pässwörd mit  Leer")
    session = open_session(user.server.pop3, user.username, Password(user.password))
    assert session.survey((), (), 10, soon()).arrivals == ()


def test_a_session_that_was_cut_says_so(mail_user: MailUser, log_in: LogIn) -> None:
    session = log_in(mail_user)
    session.abort()
    with pytest.raises(UpstreamUnavailable):
        session.survey((), (), 10, soon())
    assert not session.is_usable


def test_two_sessions_at_once_are_a_lock_with_a_time_to_come_back(
    dovecot_with: Callable[..., Dovecot], open_session: Open
) -> None:
    server = dovecot_with(settings=("pop3_lock_session = yes",))
    user = server.add_user()
    user.append(raw(1))
    first = open_session(server.pop3, user.username, Password(user.password))
    first.survey((), (), 10, soon())
    with pytest.raises(MailboxLocked) as caught:
        open_session(server.pop3, user.username, Password(user.password), timeout=60)
    assert caught.value.retry_after
