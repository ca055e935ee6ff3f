"""Whatever a server sends, what comes out is an answer or an error of the taxonomy."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.account import Password
from app.domain.errors import MailhatchError
from app.domain.ids import Seq, Uid
from app.domain.query import MessageAddress, PageQuery, SectionRange
from app.imap.connection import Connection
from app.imap.session import ImapSession
from tests.imap.asking import NOTHING
from tests.imap.conftest import soon

CAPABILITIES = b"IMAP4rev1 LITERAL+ LIST-EXTENDED LIST-STATUS ESEARCH CONDSTORE"
TOKENS = st.sampled_from(
    [
        b"(",
        b")",
        b'"',
        b"\\",
        b"NIL",
        b"UID",
        b"FLAGS",
        b"ENVELOPE",
        b"BODYSTRUCTURE",
        b"BODY[1]<0>",
        b"BODY[HEADER]<0>",
        b"RFC822.SIZE",
        b"INTERNALDATE",
        b"5",
        b"0",
        b"-1",
        b"4294967296",
        b'"text"',
        b'"plain"',
        b"{3}\r\nabc",
        b"~{1}\r\nx",
        b"(\\Seen)",
        b"{99999999999}",
        b"\xff",
        b"\x00",
        b"(UID 5)",
        b"5:*",
        b'("a" NIL "b" "c")',
        b"MESSAGES",
        b"INBOX",
    ]
)
HEADS = st.sampled_from(
    [
        b"* 1 FETCH (UID 5 ",
        b"* 1 FETCH ",
        b"* LIST ",
        b"* STATUS ",
        b"* STATUS INBOX (",
        b"* 1 EXISTS",
        b"* 1 EXPUNGE",
        b"* VANISHED ",
        b"* OK [UIDVALIDITY 7] ",
        b"* OK [CLOSED] ",
        b"* BYE ",
        b"* ESEARCH ",
        b"* NO ",
        b"+ ",
        b"* ",
        b"",
        b"* 99999999999 FETCH ",
        b"* LIST () NIL ",
        b'* LIST (\\Noselect) "/" ',
        b"* LSUB () NIL ",
    ]
)
LINES = st.builds(
    lambda head, tokens, end: head + b" ".join(tokens) + end,
    HEADS,
    st.lists(TOKENS, max_size=12),
    st.sampled_from([b"\r\n", b")\r\n", b"\n"]),
)
STATUSES = st.sampled_from([b"OK", b"OK", b"OK", b"NO", b"BAD", b"NO [NONEXISTENT]", b"NO [EXPUNGEISSUED]"])
SELECTED = b"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n"


class Garbler:
    """A socket that completes every command and says generated things before it does."""

    def __init__(self, said: list[tuple[bytes, bytes]]) -> None:
        self._said = said
        self._turn = 0
        self._out = b"* OK [CAPABILITY %s] x\r\nM1 OK [CAPABILITY %s] x\r\n" % (CAPABILITIES, CAPABILITIES)
        self._in = b""

    def settimeout(self, _: float) -> None:
        return

    def close(self) -> None:
        return

    def send(self, data: Any) -> int:
        self._in += bytes(data)
        *lines, self._in = self._in.split(b"\r\n")
        for line in lines:
            tag, _, rest = line.partition(b" ")
            if not tag.startswith(b"M") or tag == b"M1":
                continue
            lines_said, status = self._said[self._turn % len(self._said)]
            self._turn += 1
            self._out += (
                lines_said + (SELECTED if rest.startswith(b"EXAMINE") else b"") + tag + b" " + status + b" x\r\n"
            )
        return len(data)

    def recv(self, size: int) -> bytes:
        data, self._out = self._out[:size], self._out[size:]
        return data


ASKED: dict[str, Callable[[ImapSession], object]] = {
    "tree": lambda one: one.mailboxes(soon()),
    "page": lambda one: one.page(PageQuery("INBOX", 5), NOTHING, soon()),
    "preview": lambda one: one.page(PageQuery("INBOX", 5, with_preview=True), frozenset([Uid(5)]), soon()),
    "deep": lambda one: one.page(PageQuery("INBOX", 5, Uid(6), 7, Seq(2)), NOTHING, soon()),
    "message": lambda one: one.message(MessageAddress("INBOX", 7, Uid(5)), soon()),
    "flags": lambda one: one.flags(MessageAddress("INBOX", 7, Uid(5)), soon()),
    "sections": lambda one: one.sections(MessageAddress("INBOX", 7, Uid(5)), [SectionRange("1", 0, 9)], soon()),
}


@pytest.mark.parametrize("asked", ASKED)
@given(st.lists(st.tuples(st.lists(LINES, max_size=5).map(b"".join), STATUSES), min_size=1, max_size=4))
@example([(b"* 1 FETCH (UID 5 FLAGS NIL ENVELOPE NIL BODYSTRUCTURE NIL RFC822.SIZE NIL)\r\n", b"OK")])
@example([(b"* 1 FETCH (UID 5 FLAGS (() NIL) ENVELOPE () INTERNALDATE () RFC822.SIZE ())\r\n", b"OK")])
def test_garbage_is_an_answer_or_an_error(asked: str, said: list[tuple[bytes, bytes]]) -> None:
    connection = Connection(Garbler(said), is_encrypted=True, deadline=soon())  # type: ignore[arg-type]  # no real socket
    connection.log_in("user", Password("secret"), soon())
    connection.introduce(soon())
    session = ImapSession(connection)
    for _ in range(2):
        try:
            ASKED[asked](session)
        except MailhatchError as error:
            assert error.detail  # noqa: PT017 - any of them will do
        else:
            assert session.is_usable
