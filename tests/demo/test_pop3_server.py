import poplib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from app.demo.mail.maildrop import OWNER, maildrop_messages
from tests.demo.conftest import PASSWORDS, RunningMailServer


@pytest.fixture
def client(demo_mail_server: RunningMailServer) -> Iterator[poplib.POP3]:
    connection = poplib.POP3("127.0.0.1", demo_mail_server.pop3_port, timeout=20)
    connection.user(OWNER.email)
    connection.pass_(PASSWORDS["demo-mira"])
    yield connection
    connection.quit()


def test_all_mail_is_there_as_it_was_written(client: poplib.POP3) -> None:
    mail = maildrop_messages(datetime.now(UTC))
    count, size = client.stat()
    assert count == len(mail) >= 8
    assert size == sum(int(line.split()[1]) for line in client.list()[1])
    assert len({line.split()[1] for line in client.uidl()[1]}) == count
    for number, message in enumerate(mail, 1):
        subject = next(line for line in message.raw.split(b"\r\n") if line.startswith(b"Subject:"))
        lines = client.retr(number)[1]
        assert subject in lines
        top = client.top(number, 0)[1]
        assert lines[: len(top)] == top
        assert len(top) < len(lines)


def test_one_session_at_a_time_and_no_wrong_password(client: poplib.POP3, demo_mail_server: RunningMailServer) -> None:
    other = poplib.POP3("127.0.0.1", demo_mail_server.pop3_port, timeout=20)
    other.user(OWNER.email)
    with pytest.raises(poplib.error_proto, match="AUTH"):
        other.pass_("wrong")
    with pytest.raises(poplib.error_proto, match="IN-USE"):
        other.pass_(PASSWORDS["demo-mira"])
    with pytest.raises(poplib.error_proto):
        other.list()
    other.quit()


def test_what_is_marked_goes_with_quit_alone(fresh_mail_server: RunningMailServer) -> None:
    def enter() -> poplib.POP3:
        connection = poplib.POP3("127.0.0.1", fresh_mail_server.pop3_port, timeout=20)
        connection.user(OWNER.email)
        connection.pass_(PASSWORDS["demo-mira"])
        return connection

    first = enter()
    count = first.stat()[0]
    first.dele(1)
    first.rset()
    first.dele(2)
    first.dele(3)
    assert first.stat()[0] == count - 2
    first.quit()
    second = enter()
    assert second.stat()[0] == count - 2
    second.dele(1)
    second.close()  # without QUIT
