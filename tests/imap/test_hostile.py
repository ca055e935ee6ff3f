"""Servers that no real one is like: each test is named after the fear."""

import socket
import threading
import tracemalloc
from collections.abc import Callable

import pytest

from app.domain.account import Password
from app.domain.capabilities import CheckStep
from app.domain.errors import (
    MailhatchError,
    StaleReference,
    TlsFailed,
    UpstreamProtocolError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.domain.ids import Uid
from app.domain.query import MessageAddress, SectionRange
from app.imap.session import ImapSession
from tests.imap.asking import first_page
from tests.imap.conftest import Open, soon
from tests.imap.script import ScriptedServer, examine, login
from tests.support.mail_user import Endpoint

READY = "S: * OK [CAPABILITY IMAP4rev1] ready\nC~ M1 LOGIN .*"
ADDRESS = MessageAddress("INBOX", 7, Uid(5))


def starttls(endpoint: Endpoint) -> Endpoint:
    return Endpoint(endpoint.host, endpoint.port, "starttls")


def drip(data: bytes, every: float = 0.02) -> Callable[[socket.socket], None]:
    """Send byte by byte, for ever."""

    def step(conn: socket.socket) -> None:
        gone = threading.Event()
        while True:
            for byte in data:
                conn.sendall(bytes([byte]))
                gone.wait(every)

    return step


def flood(line: bytes) -> Callable[[socket.socket], None]:
    def step(conn: socket.socket) -> None:
        for _ in range(400):
            conn.sendall(line * 1000)

    return step


def fails(session: ImapSession, error: type[MailhatchError], do: Callable[[], object]) -> None:
    with pytest.raises(error):
        do()
    assert not session.is_usable
    session.close(soon())


# Connecting


def test_commands_injected_before_tls_are_not_believed(open_session: Open) -> None:
    with (
        ScriptedServer(
            "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\nC: M1 STARTTLS",
            b"M1 OK begin\r\n* PREAUTH [CAPABILITY IMAP4rev1] injected\r\n",
            "!wait",
        ) as server,
        pytest.raises(TlsFailed, match="ahead of the encryption"),
    ):
        open_session(starttls(server.endpoint))


def test_half_a_line_injected_before_tls_is_not_believed(open_session: Open) -> None:
    with (
        ScriptedServer(
            "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\nC: M1 STARTTLS", b"M1 OK begin\r\n* OK", "!wait"
        ) as server,
        pytest.raises(TlsFailed),
    ):
        open_session(starttls(server.endpoint))


def test_preauth_does_not_skip_tls(open_session: Open) -> None:
    with (
        ScriptedServer("S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello", "!wait") as server,
        pytest.raises(TlsFailed),
    ):
        open_session(starttls(server.endpoint))


@pytest.mark.parametrize("answer", ["S: M1 NO not now", "S: M1 BAD what"])
def test_a_refused_starttls_is_no_plain_login(open_session: Open, answer: str) -> None:
    with (
        ScriptedServer("S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\nC: M1 STARTTLS", answer, "!wait") as server,
        pytest.raises(TlsFailed),
    ):
        open_session(starttls(server.endpoint))


def test_a_stripped_starttls_is_no_plain_login(open_session: Open) -> None:
    with (
        ScriptedServer("S: * OK [CAPABILITY IMAP4rev1] ready", "!wait") as server,
        pytest.raises(TlsFailed, match="does not offer STARTTLS"),
    ):
        open_session(starttls(server.endpoint))


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(["!wait"], id="silence"),
        pytest.param([drip(b"* OK ready ")], id="a dripped greeting"),
        pytest.param([drip(b"* OK hm\r\n")], id="dripped lines"),
        pytest.param(
            ["S: * OK [CAPABILITY IMAP4rev1] ready\nC~ M1 LOGIN .*", drip(b"* OK hm\r\n")], id="a dripped login"
        ),
    ],
)
def test_a_slow_greeting_ends_at_the_deadline(open_session: Open, steps: list[str]) -> None:
    heard: list[CheckStep] = []
    with ScriptedServer(*steps) as server, pytest.raises((UpstreamTimeout, UpstreamProtocolError)) as caught:
        open_session(server.endpoint, timeout=0.4, listener=heard.append)
    assert heard[-1].error_code == caught.value.code
    assert not heard[-1].ok


@pytest.mark.parametrize(
    ("greeting", "error"),
    [
        ("S: HTTP/1.1 400 Bad Request", UpstreamProtocolError),
        ("S: 220 mail.example.org ESMTP", UpstreamProtocolError),
        ("S: * BYE go away", UpstreamUnavailable),
        ("S: * 5 EXISTS", UpstreamProtocolError),
        ("S: * OK [CAPABILITY IMAP2] old", UpstreamProtocolError),
        ("S: +OK pop3 ready", UpstreamProtocolError),
        ("!close", UpstreamUnavailable),
    ],
)
def test_what_does_not_greet_as_imap_is_refused(open_session: Open, greeting: str, error: type[MailhatchError]) -> None:
    with ScriptedServer(greeting, "!wait" if greeting != "!close" else "") as server, pytest.raises(error):
        open_session(server.endpoint)


def test_an_endless_greeting_is_refused_with_bounded_memory(open_session: Open) -> None:
    tracemalloc.start()
    with ScriptedServer(flood(b"x" * 100)) as server, pytest.raises(UpstreamProtocolError):
        open_session(server.endpoint)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


def test_endless_challenges_end(open_session: Open) -> None:
    with (
        ScriptedServer(
            "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN LOGINDISABLED] ready\nC: M1 AUTHENTICATE PLAIN",
            "\n".join(["S: + ", "C~ .*"] * 5),
            "!wait",
        ) as server,
        pytest.raises(UpstreamProtocolError),
    ):
        open_session(server.endpoint)


# Afterwards


def test_a_dripped_answer_ends_at_the_deadline(open_session: Open) -> None:
    with ScriptedServer(login(), "C: M2 NOOP", drip(b"* OK still here\r\n")) as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamTimeout, lambda: session.ping(soon(0.4)))


def test_silence_ends_at_the_deadline(open_session: Open) -> None:
    with ScriptedServer(login(), "C: M2 NOOP", "!wait") as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamTimeout, lambda: session.ping(soon(0.2)))


def test_a_deadline_in_the_past_sends_nothing(open_session: Open) -> None:
    with ScriptedServer(login(), "!wait") as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamTimeout, lambda: session.ping(soon(-1)))


@pytest.mark.parametrize("half", [b"* 1 FETCH (UID 5 BODY[1]<0> {500}\r\nhalf", b"* 1 FETCH (UI", b"* OK hm\r\n"])
def test_eof_in_mid_answer_is_unavailable(open_session: Open, half: bytes) -> None:
    with ScriptedServer(login(), examine(1), "C~ M3 UID FETCH .*", half, "!close") as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamUnavailable, lambda: session.sections(ADDRESS, [SectionRange("1")], soon()))


def test_goodbye_at_any_time_is_understood(open_session: Open) -> None:
    with ScriptedServer(login(), "C: M2 NOOP\nS: * OK hm\nS: * BYE [UNAVAILABLE] going down", "!close") as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamUnavailable, lambda: session.ping(soon()))


LINES = [b"* 1 FETCH (FLAGS (\\Seen))\r\n", b"* OK hm\r\n", b"* 3 EXPUNGE\r\n", b"* 7 EXISTS\r\n", b"* X\r\n"]


@pytest.mark.parametrize("line", LINES)
def test_a_flood_of_unasked_data_ends_with_bounded_memory(
    open_session: Open, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.imap.session_base.MAX_RESPONSES", 5000)
    with ScriptedServer(login(), "C: M2 NOOP", flood(line)) as server:
        session = open_session(server.endpoint)
        tracemalloc.start()
        fails(session, UpstreamProtocolError, lambda: session.ping(soon(60)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3_000_000


def test_a_flood_of_rows_nobody_asked_for_is_refused(open_session: Open) -> None:
    rows = b"".join(b"* %d FETCH (UID %d FLAGS ())\r\n" % (one, one) for one in range(1, 5001))
    with ScriptedServer(login(), examine(5000), "C~ M3 FETCH 4991:5000 .*", rows, "!wait") as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamProtocolError, lambda: first_page(session))


def test_a_literal_of_three_gigabytes_is_refused(open_session: Open) -> None:
    with ScriptedServer(
        login(), examine(1), "C~ M3 FETCH .*", b"* 1 FETCH (UID 5 ENVELOPE {3221225472}\r\n", "!wait"
    ) as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamProtocolError, lambda: first_page(session))


@pytest.mark.parametrize(
    "line",
    [b"hello\r\n", b"\r\n", b"M9 OK not yours\r\n", b"+ go on\r\n", b"* \r\n", b"M2 PERHAPS\r\n", b"\x00\xff\r\n"],
)
def test_what_is_not_imap_ends_the_session(open_session: Open, line: bytes) -> None:
    with ScriptedServer(login(), "C: M2 NOOP", line, "!wait") as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamProtocolError, lambda: session.ping(soon()))


def test_bad_ends_the_session(open_session: Open) -> None:
    with ScriptedServer(login(), "C: M2 NOOP\nS: M2 BAD what", "!wait") as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamProtocolError, lambda: session.ping(soon()))


@pytest.mark.parametrize(
    "told",
    [
        "S: * 5 EXISTS",
        "S: * 5 EXISTS\nS: * OK [UIDVALIDITY 0] x",
        "S: * 5 EXISTS\nS: * OK [UIDVALIDITY 4294967296] x",
        "S: * 5 EXISTS\nS: * OK [UIDVALIDITY many] x",
        "S: * OK [UIDVALIDITY 7] x",
        "S: * 9999999999 EXISTS\nS: * OK [UIDVALIDITY 7] x",
    ],
)
def test_a_mailbox_without_numbers_is_refused(open_session: Open, told: str) -> None:
    with ScriptedServer(login(), 'C: M2 EXAMINE "INBOX"', told, "S: M2 OK done", "!wait") as server:
        session = open_session(server.endpoint)
        fails(session, UpstreamProtocolError, lambda: first_page(session))


def test_numbers_that_no_mailbox_has_are_not_told(open_session: Open) -> None:
    huge = "18446744073709551615"
    with ScriptedServer(
        login(),
        'C: M2 LIST "" "*"\nC: M3 LSUB "" "*"\nS: * LIST () "/" INBOX\nS: M2 OK done\nS: M3 OK done',
        "C~ M4 STATUS .*",
        f"S: * STATUS INBOX (MESSAGES {huge} UNSEEN {huge} UIDNEXT 4294967296 UIDVALIDITY {huge})",
        "S: M4 OK done\n!wait",
    ) as server:
        (inbox,) = open_session(server.endpoint).mailboxes(soon())
    assert (inbox.messages, inbox.unseen, inbox.uidnext, inbox.uidvalidity) == (None, None, None, None)


def test_a_name_longer_than_any_is_left_out(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        'C: M2 LIST "" "*"\nC: M3 LSUB "" "*"',
        f'S: * LIST () "/" {"a/" * 3000}\nS: * LIST () "/" INBOX\nS: M2 OK done\nS: M3 OK done',
        "C~ M4 STATUS .*\nS: * STATUS INBOX (MESSAGES 1)\nS: M4 OK done\n!wait",
    ) as server:
        assert [one.name for one in open_session(server.endpoint).mailboxes(soon())] == ["INBOX"]


def test_another_messages_data_is_never_taken(open_session: Open) -> None:
    with ScriptedServer(
        login(),
        examine(2),
        "C~ M3 UID FETCH 5 .*",
        b"* 1 FETCH (UID 4 FLAGS (\\Seen) BODY[1]<0> {5}\r\nwrong)\r\n* 2 FETCH (BODY[1]<0> {5}\r\nwrong)\r\n",
        "S: M3 OK done",
        "!wait",
    ) as server:
        session = open_session(server.endpoint)
        with pytest.raises(StaleReference):
            session.sections(ADDRESS, [SectionRange("1")], soon())
        assert session.is_usable


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (b"BODY[1]<0> NIL", b""),
        (b"FLAGS ()", UpstreamProtocolError),
        (b"BODY[2]<0> {5}\r\nother", UpstreamProtocolError),
        (b"BODY[1]<3> {5}\r\nother", UpstreamProtocolError),
        (b"BODY[1]<0> (1 2)", UpstreamProtocolError),
        (b"BODY[1]<0> {13}\r\nmore than was", b"more than"),
        (b"BODY[1] {5}\r\nwhole", b"whole"),
        (b'body[1]<0> "quoted"', b"quoted"),
    ],
)
def test_a_section_is_what_was_asked_or_an_error(
    open_session: Open, items: bytes, expected: bytes | type[Exception]
) -> None:
    row = b"* 1 FETCH (UID 5 %s)\r\n" % items
    asked = "C: M3 UID FETCH 5 (UID BODY.PEEK[1]<0.9>)"
    with ScriptedServer(login(), examine(1), asked, row, "S: M3 OK done", "!wait") as server:
        session = open_session(server.endpoint)
        if isinstance(expected, bytes):
            assert session.sections(ADDRESS, [SectionRange("1", 0, 9)], soon()) == (expected,)
        else:
            with pytest.raises(expected):
                session.sections(ADDRESS, [SectionRange("1", 0, 9)], soon())


def test_abort_wakes_a_blocked_call(open_session: Open) -> None:
    reached = threading.Event()
    with ScriptedServer(login(), "C: M2 NOOP", lambda _: reached.set(), "!wait") as server:
        session = open_session(server.endpoint)

        def cut() -> None:
            reached.wait(20)
            session.abort()

        cutter = threading.Thread(target=cut)
        cutter.start()
        fails(session, UpstreamUnavailable, lambda: session.ping(soon(20)))
        cutter.join()


def test_secrets_are_in_no_error_and_no_repr(open_session: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    secret = "hunter2-and-more"
    answer = f"S: M1 NO [AUTHENTICATIONFAILED] {secret} is wrong"
    with (
        ScriptedServer(READY, answer, "!wait") as server,
        pytest.raises(MailhatchError) as caught,
    ):
        open_session(server.endpoint, "user", Password(secret))
    assert secret not in str(caught.value) + repr(caught.value) + caught.value.detail + caplog.text
