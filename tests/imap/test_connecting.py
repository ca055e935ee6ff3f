"""Connecting and logging in to a real Dovecot, and the end of it."""

from collections.abc import Callable

import pytest

from app.domain.account import AccessToken, Password
from app.domain.capabilities import CheckStep
from app.domain.errors import (
    AuthenticationFailed,
    TlsFailed,
    UpstreamUnavailable,
)
from tests.imap.asking import LogIn
from tests.imap.conftest import Open, soon
from tests.support.mail_user import MailUser

pytestmark = pytest.mark.dovecot


@pytest.mark.parametrize(
    ("security", "steps"),
    [
        ("plain", ["resolved", "connected", "greeting", "login", "capabilities"]),
        ("starttls", ["resolved", "connected", "greeting", "tls", "login", "capabilities"]),
        ("tls", ["resolved", "connected", "tls", "greeting", "login", "capabilities"]),
    ],
)
def test_connecting_tells_each_step(mail_user: MailUser, open_session: Open, security: str, steps: list[str]) -> None:
    heard: list[CheckStep] = []
    session = open_session(
        getattr(mail_user, security),
        mail_user.username,
        Password(mail_user.password),
        ca_pem=mail_user.ca_pem,
        listener=heard.append,
    )
    assert [step.name for step in heard] == steps
    assert all(step.ok and step.took >= 0 and step.detail for step in heard)
    assert session.round_trips == 0
    session.ping(soon())
    assert session.round_trips == 1
    assert "LIST-STATUS" in session.capabilities().server


@pytest.mark.parametrize(
    ("listener", "error", "code"),
    [
        ("expired", TlsFailed, "tls_failed"),
        ("wrong_host", TlsFailed, "tls_failed"),
    ],
)
def test_a_bad_certificate_is_a_failed_step(
    mail_user: MailUser, open_session: Open, listener: str, error: type[Exception], code: str
) -> None:
    heard: list[CheckStep] = []
    endpoint = getattr(mail_user.server, listener)
    with pytest.raises(error):
        open_session(endpoint, "x", ca_pem=mail_user.ca_pem, listener=heard.append)
    assert (heard[-1].name, heard[-1].ok, heard[-1].error_code) == ("tls", False, code)


def test_a_certificate_of_nobody_known_is_refused(mail_user: MailUser, open_session: Open) -> None:
    with pytest.raises(TlsFailed):
        open_session(mail_user.starttls, mail_user.username, Password(mail_user.password))


WRONG = ["wrong", 'quo"te', "back\\slash", "ümläut", "new\r\nline", "{5}", "\x01", "日本語", " ", "x" * 500]


@pytest.mark.parametrize("password", WRONG)
def test_a_wrong_password_is_refused_as_such(mail_user: MailUser, open_session: Open, password: str) -> None:
    with pytest.raises(AuthenticationFailed):
        open_session(mail_user.plain, mail_user.username, Password(password))


@pytest.mark.parametrize("password", ["with space", 'quo"te', "back\\slash", "ümläut €", "{5}", "a" * 500, "%s(*)"])
def test_odd_passwords_are_right_ones(mail_user: MailUser, open_session: Open, password: str) -> None:
    user = mail_user.server.add_user(password=password)
    assert open_session(user.plain, user.username, Password(password)).is_usable


def test_access_tokens(mail_user: MailUser, open_session: Open) -> None:
    token = mail_user.access_token()
    assert open_session(mail_user.plain, mail_user.username, AccessToken(token)).is_usable
    with pytest.raises(AuthenticationFailed):
        open_session(mail_user.plain, mail_user.username, AccessToken(mail_user.access_token(-60)))


def test_starttls_is_demanded_of_the_server(dovecot_with: Callable[..., object], open_session: Open) -> None:
    without = dovecot_with(settings=("ssl = no",))
    user = without.add_user()  # type: ignore[attr-defined]  # a Dovecot
    endpoint = type(user.plain)(user.plain.host, user.plain.port, "starttls")
    with pytest.raises(TlsFailed):
        open_session(endpoint, user.username, Password(user.password))


def test_a_session_the_server_ended_is_dead(mail_user: MailUser, log_in: LogIn) -> None:
    session = log_in(mail_user)
    mail_user.kick()
    with pytest.raises(UpstreamUnavailable):
        session.ping(soon())
    assert not session.is_usable
    with pytest.raises(UpstreamUnavailable):
        session.ping(soon())


def test_closing_logs_out(mail_user: MailUser, log_in: LogIn) -> None:
    session = log_in(mail_user)
    assert mail_user.has_connections(1)
    session.close(soon())
    assert not session.is_usable
    assert "Logged out" in mail_user.server.log
