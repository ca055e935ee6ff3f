"""Nothing a caller chooses adds a command to a change: keywords, names of mailboxes, messages, dates."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.account import Password
from app.domain.edits import FlagEdit, MessageSet, MessageSource
from app.domain.errors import MailhatchError
from app.domain.ids import Uid
from app.imap.session import ImapSession
from app.imap.wire.mailbox_names import encode_name
from app.imap.wire.tokenizer import tokenize
from tests.imap.conftest import soon
from tests.imap.recorder import Recorder
from tests.imap.test_injection import FRAGMENTS, VALUES, _without_sizes, connect

SERVERS = st.sampled_from(
    [
        "IMAP4rev1",
        "IMAP4rev1 LITERAL- UIDPLUS",
        "IMAP4rev1 LITERAL+ MOVE UIDPLUS UNSELECT",
        "IMAP4rev2 CONDSTORE",
    ]
)
MESSAGES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(lambda parts: "".join(parts).encode("utf-8", "replace")),
    st.sampled_from([b"x" * 5_000, b"x" * 70_000]),
)
NAMES = {
    b"SELECT", b"EXAMINE", b"UID STORE", b"UID FETCH", b"UID SEARCH", b"UID MOVE", b"UID COPY", b"UID EXPUNGE",
    b"EXPUNGE", b"APPEND", b"CREATE", b"RENAME", b"DELETE", b"SUBSCRIBE", b"UNSUBSCRIBE", b"UNSELECT",
}  # fmt: skip
SYSTEM = {b"\\Seen", b"\\Deleted", b"\\Flagged", b"\\Answered", b"\\Draft"}
CHOSEN = MessageSet("INBOX", 7, (Uid(5), Uid(9)))


def acts(keyword: str, mailbox: str, raw: bytes, date: str) -> list[Callable[[ImapSession], object]]:
    source = MessageSource(len(raw), lambda: iter([raw[: len(raw) // 2], raw[len(raw) // 2 :]]))
    return [
        lambda one: one.store_flags(CHOSEN, FlagEdit((keyword, "seen"), ("x",)), None, soon()),
        lambda one: one.store_flags(CHOSEN, FlagEdit((), (keyword,)), None, soon()),
        lambda one: one.store_flags(MessageSet(mailbox, 7, (Uid(5),)), FlagEdit(("seen",)), None, soon()),
        lambda one: one.move(CHOSEN, mailbox, soon()),
        lambda one: one.copy(CHOSEN, mailbox, soon()),
        lambda one: one.erase(MessageSet(mailbox, 7, (Uid(5),)), soon()),
        lambda one: one.append(mailbox, source, (keyword,), date, soon()),
        lambda one: one.append("INBOX", source, (), None, soon()),
        lambda one: one.create_mailbox(mailbox, soon()),
        lambda one: one.rename_mailbox(mailbox, "other", soon()),
        lambda one: one.rename_mailbox("INBOX", mailbox, soon()),
        lambda one: one.delete_mailbox(mailbox, soon()),
        lambda one: one.subscribe(mailbox, True, soon()),
        lambda one: one.subscribe(mailbox, False, soon()),
    ]


def check(capabilities: str, keyword: str, mailbox: str, raw: bytes, date: str) -> list[bytes]:
    recorder = Recorder(capabilities)
    connection = connect(recorder, "user", Password("secret"))
    recorder.commands.clear()
    for act in acts(keyword, mailbox, raw, date):
        session = ImapSession(connection)
        try:
            act(session)
        except MailhatchError:
            assert session.is_usable, "what is refused here never leaves the connection in doubt"
        assert recorder.is_at_rest
    tags = [int(tag[1:]) for tag, _, _ in recorder.commands]
    assert tags == list(range(2, 2 + len(tags)))
    ours = {b"INBOX", b"other", encode_name(mailbox)}
    for _, name, parts in recorder.commands:
        assert name in NAMES
        if name == b"APPEND":
            assert parts[-2:] == (raw, b"")
            head = tokenize(tuple(_without_sizes((*parts[:-2], b"")))[:-1])
            assert head[2] in ours
        elif name not in {b"UID STORE", b"UID FETCH", b"UID SEARCH", b"UID EXPUNGE", b"EXPUNGE", b"UNSELECT"}:
            words = tokenize(tuple(_without_sizes(parts)))
            assert {
                word for word in words[2:] if isinstance(word, bytes) and word not in {b"MOVE", b"COPY"}
            } <= ours | {b"5,9"}
        elif name == b"UID STORE":
            flags = tokenize(parts)[-1]
            assert isinstance(flags, list)
            assert set(flags) <= SYSTEM | {b"x", keyword.encode("utf-8", "replace")}
    return [name for _, name, _ in recorder.commands]


@given(SERVERS, VALUES, VALUES, MESSAGES, VALUES)
@example("IMAP4rev1", "a)\r\nM9 LOGOUT", "INBOX\r\nM9 LOGOUT", b"{5}\r\nM9 LOGOUT\r\n", '"\r\nM9 LOGOUT')
@example("IMAP4rev1", "a b", "\r", b"", "")
@example("IMAP4rev1", "\\Deleted", "a\0b", b"\r\n.\r\n", "2026-02-01T12:00:00Z")
def test_a_change_sends_what_it_means(capabilities: str, keyword: str, mailbox: str, raw: bytes, date: str) -> None:
    check(capabilities, keyword, mailbox, raw, date)


@pytest.mark.parametrize("capabilities", ["IMAP4rev1", "IMAP4rev1 LITERAL+ MOVE UIDPLUS UNSELECT"])
def test_every_verb_is_among_what_is_checked(capabilities: str) -> None:
    sent = set(check(capabilities, "work", 'Entwürfe \\ "x"', b"Subject: x\r\n\r\n\xff", "2026-02-01T12:00:00+01:00"))
    left_out = {b"UID MOVE", b"UID EXPUNGE", b"UNSELECT"} if capabilities == "IMAP4rev1" else set()
    assert sent >= NAMES - left_out - {b"EXPUNGE", b"UNSELECT", b"EXAMINE", b"UID EXPUNGE"}
