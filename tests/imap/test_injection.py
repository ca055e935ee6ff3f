"""Nothing a caller chooses adds a command on the wire, whatever it is and whatever the server offers."""

from collections.abc import Callable
from contextlib import suppress
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.account import AccessToken, Credentials, Password
from app.domain.errors import InvalidRequest, MailhatchError, NotFound, NotSupportedByServer, TlsFailed
from app.domain.ids import Seq, Uid
from app.domain.query import MessageAddress, PageQuery, SectionRange
from app.imap.connection import Connection
from app.imap.session import ImapSession
from app.imap.wire.mailbox_names import encode_name
from app.imap.wire.tokenizer import tokenize
from tests.imap.asking import NOTHING
from tests.imap.conftest import soon
from tests.imap.recorder import Recorder

FRAGMENTS = [
    "\r\n", "\n", "\r", "\0", '"', "\\", "{", "}", "{5}", "{5+}", "{5}\r\n", "M9 LOGOUT", "\r\nM9 LOGOUT\r\n", "*", "%",
    "(", ")", "[", "]", " ", "&", "&-", "+", "~", "\x01", "\x7f", "\x80", "ü", "日本", "📎", "\u2028", "\uf026",
    "\uf08d", "\ud800", "NIL", "BODY[1]", "user", "x" * 1100,
]  # fmt: skip
VALUES = st.one_of(
    st.text(st.one_of(st.characters(max_codepoint=0x100), st.characters()), max_size=40),
    st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join),
)
CAPABILITIES = st.sampled_from(
    [
        "IMAP4rev1",
        "IMAP4rev1 LITERAL+",
        "IMAP4rev1 LITERAL-",
        "IMAP4rev1 AUTH=PLAIN LITERAL+",
        "IMAP4rev1 AUTH=PLAIN SASL-IR LOGINDISABLED",
        "IMAP4rev1 AUTH=XOAUTH2",
        "IMAP4rev1 AUTH=OAUTHBEARER AUTH=XOAUTH2 SASL-IR",
        "IMAP4rev1 LITERAL+ ESEARCH CONDSTORE PREVIEW OBJECTID",
    ]
)
CREDENTIALS: st.SearchStrategy[Credentials] = st.one_of(VALUES.map(Password), VALUES.map(AccessToken))


def connect(recorder: Recorder, username: str, credentials: Credentials) -> Connection:
    connection = Connection(cast("object", recorder), is_encrypted=True, deadline=soon())  # type: ignore[arg-type]  # no socket
    connection.log_in(username, credentials, soon())
    connection.introduce(soon())
    return connection


def check_login(capabilities: str, username: str, credentials: Credentials) -> None:
    recorder = Recorder(capabilities)
    refused = False
    try:
        connect(recorder, username, credentials)
    except (InvalidRequest, NotSupportedByServer, TlsFailed):
        refused = True
    assert recorder.is_at_rest
    if refused:
        assert recorder.commands == [], "it was refused, and something had been sent"
        return
    assert len(recorder.commands) == 1
    tag, name, parts = recorder.commands[0]
    assert tag == b"M1"
    if name == b"LOGIN":
        assert isinstance(credentials, Password)
        assert tokenize(tuple(_without_sizes(parts)))[2:] == [username.encode(), credentials.password.encode()]
        return
    assert name == b"AUTHENTICATE"
    (message,) = recorder.sasl
    if isinstance(credentials, Password):
        assert message == b"\0%s\0%s" % (username.encode(), credentials.password.encode())
    else:
        assert message.count(b"\x01") == 3
        assert b"\x01auth=Bearer %s\x01" % credentials.token.encode() in message


def _without_sizes(parts: tuple[bytes, ...]) -> list[bytes]:
    return [part.rpartition(b"{")[0] if index % 2 == 0 and part.endswith((b"}", b"+}")) else part
            for index, part in enumerate(parts)]  # fmt: skip


def check_reading(capabilities: str, mailbox: str, section: str, number: int, *, with_preview: bool) -> None:
    recorder = Recorder(f"{capabilities} LITERAL+")
    connection = connect(recorder, "user", Password("secret"))
    recorder.commands.clear()
    expected: list[bytes] = []
    names_sent = 0
    is_sendable = not set(mailbox) & set("\r\n\0")
    asked: tuple[Callable[[ImapSession], object], ...] = (
        lambda one: one.page(PageQuery(mailbox, number, with_preview=with_preview), NOTHING, soon()),
        lambda one: one.page(PageQuery(mailbox, number, Uid(number + 2), 7, Seq(number)), NOTHING, soon()),
        lambda one: one.message(MessageAddress(mailbox, 7, Uid(5)), soon()),
        lambda one: one.flags(MessageAddress(mailbox, 7, Uid(5)), soon()),
        lambda one: one.sections(MessageAddress(mailbox, 7, Uid(5)), [SectionRange(section, number, number)], soon()),
    )
    for ask in asked:
        session = ImapSession(connection)
        with suppress(MailhatchError):
            ask(session)
        assert recorder.is_at_rest
    for tag, name, parts in recorder.commands:
        expected.append(name)
        assert name in {b"EXAMINE", b"FETCH", b"UID FETCH", b"UID SEARCH", b"NOOP"}
        assert tag.startswith(b"M")
        if name == b"EXAMINE":
            names_sent += 1
            told = tokenize(tuple(_without_sizes(parts)))[2]
            assert told == encode_name(mailbox)
    assert (names_sent > 0) is is_sendable
    assert [int(tag[1:]) for tag, _, _ in recorder.commands] == list(range(2, len(expected) + 2))


WITH_LOGIN = CAPABILITIES.filter(lambda one: "DISABLED" not in one)


@given(CAPABILITIES, VALUES.filter(bool), CREDENTIALS)
@example("IMAP4rev1", "user", Password("a\r\nM2 LOGOUT\r\n"))
@example("IMAP4rev1 AUTH=PLAIN", "a\0b", Password("c"))
@example("IMAP4rev1 AUTH=XOAUTH2 AUTH=OAUTHBEARER SASL-IR", "user", AccessToken("t" * 9000))
@example("IMAP4rev1 AUTH=XOAUTH2", "a\x01auth=Bearer other\x01", AccessToken("t"))
def test_a_login_is_one_command(capabilities: str, username: str, credentials: Credentials) -> None:
    check_login(capabilities, username, credentials)


@given(WITH_LOGIN, VALUES, VALUES, st.integers(1, 300), st.booleans())
@example("IMAP4rev1", "INBOX\r\nM9 LOGOUT", "1]\r\nM9 LOGOUT", 1, True)
def test_reading_sends_what_it_means(
    capabilities: str, mailbox: str, section: str, number: int, with_preview: bool
) -> None:
    check_reading(capabilities, mailbox, section, number, with_preview=with_preview)


def test_the_recorder_would_see_an_injection() -> None:
    recorder = Recorder("IMAP4rev1")
    recorder.send(b'M1 LOGIN "user" "a\r\nM2 LOGOUT\r\n"\r\n')
    assert recorder.names == [b"LOGIN", b"LOGOUT", b""]


def test_no_section_that_is_none_is_sent() -> None:
    recorder = Recorder("IMAP4rev1 LITERAL+")
    session = ImapSession(connect(recorder, "user", Password("secret")))
    with pytest.raises(NotFound):
        session.sections(MessageAddress("INBOX", 7, Uid(5)), [SectionRange("1]\r\nM9 LOGOUT")], soon())
    assert recorder.names == [b"LOGIN"]
