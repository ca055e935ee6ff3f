"""Servers that no real one is like: each ends in the right code, within the deadline, with bounded memory."""

import socket
import time
import tracemalloc

import pytest

from app.domain.account import AccessToken, Password
from app.domain.errors import (
    AuthenticationFailed,
    InvalidRequest,
    MailboxLocked,
    MailhatchError,
    NotSupportedByServer,
    PayloadTooLarge,
    StaleReference,
    TlsFailed,
    UpstreamProtocolError,
    UpstreamThrottled,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.domain.ids import Uid
from app.domain.maildrop import KnownMessage
from tests.imap.conftest import soon
from tests.imap.script import ScriptedServer
from tests.pop3.conftest import Open
from tests.support.mail_user import Endpoint

IN = """
    S: +OK ready
    C: CAPA
    S: +OK
    S: TOP
    S: UIDL
    S: USER
    S: PIPELINING
    S: .
    C: USER user
    S: +OK
    C: PASS secret
    S: +OK
    C: CAPA
    S: +OK
    S: TOP
    S: UIDL
    S: USER
    S: PIPELINING
    S: .
"""
ONE = KnownMessage(Uid(1), "a", "", 100)


def test_no_capa_no_uidl_no_top_is_still_a_maildrop(open_session: Open) -> None:
    script = """
        S: +OK
        C: CAPA
        S: -ERR what
        C: USER user
        S: +OK
        C: PASS secret
        S: +OK
        C: CAPA
        S: -ERR what
        C: LIST
        S: +OK
        S: 1 30
        S: .
        C: UIDL
        S: -ERR unknown
        C: TOP 1 0
        S: -ERR unknown
        C: RETR 1
    """
    with ScriptedServer(script, b"+OK\r\nSubject: one\r\n\r\nbody\r\n.\r\n", "!wait") as server:
        session = open_session(server.endpoint)
        survey = session.survey((), (), 10, soon())
        assert [one.header and one.header.data for one in survey.arrivals] == [b"Subject: one\r\n"]
        assert survey.identity == "weak"
        items = session.capabilities().items
        assert (items["summaries"].how, items["stable_ids"].how) == ("RETR", "header fingerprint")


@pytest.mark.parametrize(
    ("greeting", "error"),
    [
        ("S: -ERR [IN-USE] busy", MailboxLocked),
        ("S: -ERR [SYS/TEMP] later", UpstreamUnavailable),
        ("S: -ERR go away", UpstreamUnavailable),
        ("S: * OK IMAP4rev1", UpstreamProtocolError),
        ("S: 220 smtp.example.org", UpstreamProtocolError),
        ("!close", UpstreamUnavailable),
    ],
)
def test_a_greeting_that_is_none(open_session: Open, greeting: str, error: type[MailhatchError]) -> None:
    with ScriptedServer(greeting) as server, pytest.raises(error):
        open_session(server.endpoint)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("-ERR [AUTH] no", AuthenticationFailed),
        ("-ERR no", AuthenticationFailed),
        ("-ERR [IN-USE] another session", MailboxLocked),
        ("-ERR [LOGIN-DELAY] slowly", UpstreamThrottled),
        ("-ERR [SYS/TEMP] down", UpstreamUnavailable),
    ],
)
def test_a_refused_login_is_told_by_its_code(open_session: Open, answer: str, error: type[MailhatchError]) -> None:
    script = f"""
        S: +OK
        C: CAPA
        S: -ERR
        C: USER user
        S: +OK
        C: PASS secret
        S: {answer}
        !wait
    """
    with ScriptedServer(script) as server, pytest.raises(error) as caught:
        open_session(server.endpoint)
    assert "secret" not in str(caught.value)


def test_data_ahead_of_the_encryption_is_refused(open_session: Open) -> None:
    with ScriptedServer("S: +OK\nC: STLS\nS: +OK begin\nS: +OK injected\n!wait") as server:
        endpoint = Endpoint(server.endpoint.host, server.endpoint.port, "starttls")
        with pytest.raises(TlsFailed):
            open_session(endpoint)


def test_no_stls_means_no_login(open_session: Open) -> None:
    with ScriptedServer("S: +OK\nC: STLS\nS: -ERR unknown\n!wait") as server:
        endpoint = Endpoint(server.endpoint.host, server.endpoint.port, "starttls")
        with pytest.raises(TlsFailed):
            open_session(endpoint)


def test_a_token_goes_to_servers_that_take_one(open_session: Open) -> None:
    script = """
        S: +OK
        C: CAPA
        S: +OK
        S: SASL PLAIN XOAUTH2
        S: .
        C: AUTH XOAUTH2 dXNlcj11c2VyAWF1dGg9QmVhcmVyIHRvawEB
        S: +OK
        C: CAPA
        S: +OK
        S: .
        !wait
    """
    with ScriptedServer(script) as server:
        open_session(server.endpoint, "user", AccessToken("tok"))


def test_a_refused_token_is_a_refusal_after_its_challenge(open_session: Open) -> None:
    script = """
        S: +OK
        C: CAPA
        S: +OK
        S: SASL XOAUTH2
        S: .
        C~ AUTH XOAUTH2 .*
        S: + eyJzdGF0dXMiOiI0MDAifQ==
        C: *
        S: -ERR [AUTH] no
        !wait
    """
    with ScriptedServer(script) as server, pytest.raises(AuthenticationFailed):
        open_session(server.endpoint, "user", AccessToken("tok"))


def test_no_way_for_a_token(open_session: Open) -> None:
    with ScriptedServer("S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: .\n!wait") as server, pytest.raises(NotSupportedByServer):
        open_session(server.endpoint, "user", AccessToken("tok"))


@pytest.mark.parametrize("bad", ["a\r\nDELE 1", "a\nb", "a\0", "", "\ud800"])
def test_a_name_or_secret_with_a_line_break_never_leaves(open_session: Open, bad: str) -> None:
    with ScriptedServer("S: +OK\n!wait") as server, pytest.raises(InvalidRequest):
        open_session(server.endpoint, bad)
    with ScriptedServer("S: +OK\n!wait") as server, pytest.raises(InvalidRequest):
        open_session(server.endpoint, "user", Password(bad))


def drip(conn: socket.socket) -> None:
    for _ in range(100):
        try:
            conn.sendall(b"x")
        except OSError:
            return
        time.sleep(0.05)


def flood(conn: socket.socket) -> None:
    for _ in range(2000):
        try:
            conn.sendall(b"y" * 65_536)
        except OSError:
            return


def endless_listing(conn: socket.socket) -> None:
    conn.sendall(b"+OK\r\n")
    block = b"".join(b"%d 100\r\n" % number for number in range(1, 5000))
    for _ in range(500):
        try:
            conn.sendall(block)
        except OSError:
            return


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (drip, UpstreamTimeout),
        (flood, UpstreamProtocolError),
        (endless_listing, UpstreamProtocolError),
        ("!close", UpstreamUnavailable),
        ("!wait", UpstreamTimeout),
    ],
)
def test_a_listing_that_does_not_end(open_session: Open, step: object, error: type[MailhatchError]) -> None:
    with ScriptedServer(IN, "C: LIST\nC: UIDL", step) as server:  # type: ignore[arg-type]
        session = open_session(server.endpoint)
        began = time.monotonic()
        tracemalloc.start()
        with pytest.raises(error):
            session.survey((), (), 10, soon(2.0 if error is UpstreamTimeout else 15.0))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert time.monotonic() - began < 20
        assert peak < 64 * 1024 * 1024
        assert not session.is_usable
        session.close(soon())


LISTED = """
    C: LIST
    C: UIDL
    S: +OK
    S: 1 100
    S: .
    S: +OK
    S: 1 a
    S: .
"""


def test_a_message_longer_than_it_said_is_cut_off(open_session: Open) -> None:
    with ScriptedServer(IN, LISTED, "C: RETR 1\nS: +OK", flood) as server:
        session = open_session(server.endpoint)
        taken: list[int] = []
        with pytest.raises(PayloadTooLarge):
            session.retrieve(Uid(1), [ONE], lambda piece: taken.append(len(piece)), 200_000, soon())
        assert sum(taken) <= 200_000
        assert not session.is_usable
        session.close(soon())


def test_a_message_cut_in_the_middle_is_no_message(open_session: Open) -> None:
    with ScriptedServer(IN, LISTED, "C: RETR 1\nS: +OK\nS: Subject: half", "!close") as server:
        session = open_session(server.endpoint)
        with pytest.raises(UpstreamUnavailable):
            session.retrieve(Uid(1), [ONE], lambda _: None, 200_000, soon())
        assert not session.is_usable


def test_a_refusal_in_mid_stream_of_headers_costs_that_message_alone(open_session: Open) -> None:
    script = """
        C: LIST
        C: UIDL
        S: +OK
        S: 1 100
        S: 2 100
        S: .
        S: +OK
        S: 1 a
        S: 2 b
        S: .
        C: TOP 2 0
        C: TOP 1 0
        S: -ERR that one is broken
        S: +OK
        S: Subject: fine
        S: .
        !wait
    """
    with ScriptedServer(IN, script) as server:
        survey = open_session(server.endpoint).survey((), (), 10, soon())
        assert [(one.uidl, one.header is not None) for one in survey.arrivals] == [("a", True), ("b", False)]
        assert survey.unread == 1


def test_a_message_the_server_does_not_give_is_stale(open_session: Open) -> None:
    with ScriptedServer(IN, LISTED, "C: RETR 1\nS: -ERR no such message\n!wait") as server:
        session = open_session(server.endpoint)
        with pytest.raises(StaleReference):
            session.retrieve(Uid(1), [ONE], lambda _: None, 200_000, soon())
        assert session.is_usable


def test_a_connection_lost_before_quit_confirms_nothing(open_session: Open) -> None:
    with ScriptedServer(IN, LISTED, "C: DELE 1\nS: +OK\nC: QUIT", "!close") as server:
        session = open_session(server.endpoint)
        with pytest.raises(UpstreamUnavailable):
            session.delete([Uid(1)], [ONE], soon())
        assert not session.is_usable


def test_a_refused_quit_confirms_nothing(open_session: Open) -> None:
    with ScriptedServer(
        IN, LISTED, "C: DELE 1\nS: +OK\nC: QUIT\nS: -ERR some deleted messages not removed\n!wait"
    ) as server:
        assert open_session(server.endpoint).delete([Uid(1)], [ONE], soon()) == ()


def test_gmail_hides_messages_and_the_survey_says_so(open_session: Open) -> None:
    script = IN.replace("+OK ready", "+OK Gpop ready for requests from 127.0.0.1")
    with ScriptedServer(script, LISTED, "C: TOP 1 0\nS: +OK\nS: Subject: x\nS: .\n!wait") as server:
        assert open_session(server.endpoint).survey((), (), 10, soon()).is_partial
