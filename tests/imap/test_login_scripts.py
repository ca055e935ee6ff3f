"""Greetings and logins of servers other than Dovecot, as transcripts."""

import base64

import pytest

from app.domain.account import AccessToken, Credentials, Password
from app.domain.errors import (
    AuthenticationFailed,
    InvalidRequest,
    MailboxLocked,
    MailhatchError,
    NotSupportedByServer,
    TlsFailed,
    UpstreamProtocolError,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from tests.imap.conftest import Open
from tests.imap.script import ScriptedServer


@pytest.mark.parametrize(
    ("answer", "error", "retry_after"),
    [
        ("NO nope", AuthenticationFailed, None),
        ("NO [AUTHENTICATIONFAILED] x", AuthenticationFailed, None),
        ("NO [AUTHORIZATIONFAILED] x", AuthenticationFailed, None),
        ("NO [EXPIRED] x", AuthenticationFailed, None),
        ("NO [ALERT] Application-specific password required", AuthenticationFailed, None),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", UpstreamThrottled, 60),
        ("NO Too many simultaneous connections. (Failure)", UpstreamThrottled, 60),
        ("NO [UNAVAILABLE] x", UpstreamUnavailable, 30),
        ("NO [LIMIT] x", UpstreamThrottled, 60),
        ("NO [INUSE] x", MailboxLocked, 10),
        ("NO [PRIVACYREQUIRED] x", TlsFailed, None),
        ("NO [CONTACTADMIN] x", AuthenticationFailed, None),
        ("NO Request is throttled. Suggested Backoff Time: 2500 milliseconds", UpstreamThrottled, 2.5),
        ("BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds", UpstreamThrottled, 299.961),
        ("BAD Request is throttled. Suggested Backoff Time: 999999999 milliseconds", UpstreamThrottled, 3600),
        ("BAD x", UpstreamProtocolError, None),
    ],
)
def test_what_a_refused_login_means(
    open_session: Open, answer: str, error: type[MailhatchError], retry_after: float | None
) -> None:
    with (
        ScriptedServer("S: * OK [CAPABILITY IMAP4rev1] ready\nC~ M1 LOGIN .*", f"S: M1 {answer}", "!wait") as server,
        pytest.raises(error) as caught,
    ):
        open_session(server.endpoint)
    assert caught.type is error
    assert caught.value.retry_after == retry_after
    assert "password required" not in caught.value.detail, "the server's text is not repeated"


@pytest.mark.parametrize(
    ("goodbye", "error"),
    [
        ("* BYE [UNAVAILABLE] x", UpstreamUnavailable),
        ("* BYE too many connections", UpstreamUnavailable),
        ("* BYE Request is throttled. Suggested Backoff Time: 5 milliseconds", UpstreamThrottled),
        ("* BYE [LIMIT] x", UpstreamThrottled),
    ],
)
def test_goodbye_instead_of_a_login(open_session: Open, goodbye: str, error: type[MailhatchError]) -> None:
    with (
        ScriptedServer("S: * OK [CAPABILITY IMAP4rev1] ready\nC~ M1 LOGIN .*", f"S: {goodbye}", "!close") as server,
        pytest.raises(error),
    ):
        open_session(server.endpoint)


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


PASSWORD = Password("secret")
TOKEN = AccessToken("t0ken")


@pytest.mark.parametrize(
    ("capabilities", "username", "credentials", "said"),
    [
        ("LITERAL+", "user", PASSWORD, 'C: M1 LOGIN "user" "secret"'),
        ("", 'us"er', PASSWORD, 'C: M1 LOGIN "us\\"er" "secret"'),
        ("", "user", Password("sécret"), 'C: M1 LOGIN "user" {7}\nS: + go\nC: sécret'),
        ("", "user", Password("a\r\nb"), 'C: M1 LOGIN "user" {4}\nS: + go\nC: a\nC: b'),
        ("AUTH=PLAIN", "user", PASSWORD, 'C: M1 LOGIN "user" "secret"'),
        (
            "AUTH=PLAIN",
            "user",
            Password("sécret"),
            "C: M1 AUTHENTICATE PLAIN\nS: + \nC: " + b64("\0user\0sécret".encode()),
        ),
        ("AUTH=PLAIN SASL-IR LOGINDISABLED", "u", PASSWORD, "C: M1 AUTHENTICATE PLAIN " + b64(b"\0u\0secret")),
        (
            "AUTH=XOAUTH2 AUTH=OAUTHBEARER SASL-IR",
            "me@x.org",
            TOKEN,
            "C: M1 AUTHENTICATE OAUTHBEARER " + b64(b"n,a=me@x.org,\x01auth=Bearer t0ken\x01\x01"),
        ),
        (
            "AUTH=XOAUTH2",
            "me@x.org",
            TOKEN,
            "C: M1 AUTHENTICATE XOAUTH2\nS: + \nC: " + b64(b"user=me@x.org\x01auth=Bearer t0ken\x01\x01"),
        ),
    ],
)
def test_ways_to_log_in(
    open_session: Open, capabilities: str, username: str, credentials: Credentials, said: str
) -> None:
    with ScriptedServer(
        f"S: * OK [CAPABILITY IMAP4rev1 {capabilities}] ready", said, "S: M1 OK [CAPABILITY IMAP4rev1] in", "!wait"
    ) as server:
        assert open_session(server.endpoint, username, credentials).is_usable


@pytest.mark.parametrize(("mechanism", "ending"), [("XOAUTH2", ""), ("OAUTHBEARER", b64(b"\x01"))])
def test_a_refused_token_ends_the_exchange(open_session: Open, mechanism: str, ending: str) -> None:
    error = b64(b'{"status":"400"}')
    with (
        ScriptedServer(
            f"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH={mechanism}] ready",
            f"C~ M1 AUTHENTICATE {mechanism} .*",
            f"S: + {error}",
            f"C: {ending}",
            "S: M1 NO [AUTHENTICATIONFAILED] no",
            "!wait",
        ) as server,
        pytest.raises(AuthenticationFailed),
    ):
        open_session(server.endpoint, credentials=TOKEN)


@pytest.mark.parametrize(
    ("capabilities", "credentials", "error"),
    [
        ("", TOKEN, NotSupportedByServer),
        ("LOGINDISABLED", PASSWORD, TlsFailed),
        ("AUTH=XOAUTH2", AccessToken("a\x01b"), InvalidRequest),
        ("AUTH=XOAUTH2", AccessToken("a b"), InvalidRequest),
        ("", Password("a\0b"), InvalidRequest),
        ("", Password(""), InvalidRequest),
        ("", Password("\ud800"), InvalidRequest),
    ],
)
def test_what_is_never_sent(
    open_session: Open, capabilities: str, credentials: Credentials, error: type[MailhatchError]
) -> None:
    with (
        ScriptedServer(f"S: * OK [CAPABILITY IMAP4rev1 {capabilities}] ready", "!wait") as server,
        pytest.raises(error),
    ):
        open_session(server.endpoint, credentials=credentials)


def test_preauth_needs_no_login(open_session: Open) -> None:
    with ScriptedServer(
        """
        S: * PREAUTH [CAPABILITY IMAP4rev1 MOVE] hello
        !wait
        """
    ) as server:
        session = open_session(server.endpoint)
        assert session.capabilities().items["move"].supported


def test_a_server_that_tells_nothing_is_asked_and_we_always_say_who_we_are(open_session: Open) -> None:
    with ScriptedServer(
        """
        S: * OK ready
        C: M1 CAPABILITY
        S: * CAPABILITY IMAP4rev1 ID
        S: M1 OK done
        C: M2 LOGIN "user" "secret"
        S: M2 OK in
        C: M3 CAPABILITY
        C: M4 ID ("name" "Mailhatch" "version" "0.1.0")
        S: * CAPABILITY IMAP4rev1 ID MOVE
        S: M3 OK done
        S: * ID NIL
        S: M4 OK done
        !wait
        """
    ) as server:
        assert "MOVE" in open_session(server.endpoint).capabilities().server


def test_id_told_only_after_login_is_used(open_session: Open) -> None:
    with ScriptedServer(
        """
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: M1 LOGIN "user" "secret"
        S: M1 OK [CAPABILITY IMAP4rev1 ID] in
        C~ M2 ID .*
        S: M2 NO not for you
        !wait
        """
    ) as server:
        assert open_session(server.endpoint).is_usable
