"""Rows read by their form say what the tokenizer says."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.mail.accounts import demo_accounts
from app.domain.message import SummaryFacts
from app.imap.facts import read_summary
from app.imap.features import Features
from app.imap.items import row_items
from app.imap.wire.fetch import FetchRow, _items, read_fetch
from app.imap.wire.reader import ResponseReader
from app.imap.wire.responses import Untagged, read_response
from tests.support.mail_user import MailUser

ODD_MAIL = Path(__file__).parents[4] / "shared" / "corpora" / "odd-mail"
ITEMS = "UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (REFERENCES LIST-ID)]<0.99>"


def rows(data: bytes) -> list[Untagged]:
    reader = ResponseReader()
    reader.feed(data)
    found = []
    while (pieces := reader.next_response()) is not None:
        response = read_response(pieces)
        if isinstance(response, Untagged) and response.kind == b"FETCH":
            found.append(response)
    return found


def both(response: Untagged) -> tuple[SummaryFacts, SummaryFacts, FetchRow]:
    fast = read_fetch(response)
    assert fast is not None
    slow = FetchRow(fast.seq, fast.uid, _items(response.tokens()))
    assert slow.number(b"UID") == fast.uid
    assert slow.flags() == fast.flags()
    return read_summary(fast), read_summary(slow), fast


def fetched(user: MailUser) -> list[Untagged]:
    """FETCH every row of the inbox, past the session, for the bytes themselves."""
    with socket.create_connection((user.plain.host, user.plain.port), timeout=20) as sock, sock.makefile("rwb") as file:
        file.readline()
        data = b""
        for number, command in enumerate(
            (f'LOGIN {user.username} "{user.password}"', "EXAMINE INBOX", f"FETCH 1:* ({ITEMS})")
        ):
            file.write(f"t{number} {command}\r\n".encode())
            file.flush()
            while not (line := file.readline()).startswith(b"t%d " % number):
                data += line if number == 2 else b""
    return rows(data)


@pytest.mark.dovecot
def test_believable_mail_is_mostly_read_by_its_form(mail_user: MailUser) -> None:
    account = demo_accounts(datetime(2026, 11, 1, tzinfo=UTC))[0]
    mail_user.append_all([message.raw for message in account.messages])
    found = [both(response) for response in fetched(mail_user)]
    assert all(fast == slow for fast, slow, _ in found)
    by_form = [row for _, _, row in found if row.envelope]
    assert len(by_form) > len(found) * 0.6


@pytest.mark.dovecot
@pytest.mark.skipif(not ODD_MAIL.exists(), reason="the odd mail is not on this machine")
def test_odd_mail_is_read_the_same(mail_user: MailUser) -> None:
    mail_user.append_all([path.read_bytes() for path in sorted(ODD_MAIL.glob("*.txt"))])
    found = [both(response) for response in fetched(mail_user)]
    assert len(found) >= 70
    for fast, slow, _ in found:
        assert fast == slow


_words = st.text(st.sampled_from('ab ()[]{}<>@=?_%*\\"NIL.,:;-é'), max_size=12)


def _string(text: str) -> bytes:
    raw = text.encode()
    if any(sign in raw for sign in b'"\\') or not raw.isascii():
        return b"{%d}\r\n%s" % (len(raw), raw)
    return b'"' + raw + b'"'


_strings = _words.map(_string)
_nstrings = st.one_of(st.just(b"NIL"), _strings)
_addresses = st.lists(
    st.builds(lambda a, b, c: b"(" + a + b" NIL " + b + b" " + c + b")", _nstrings, _strings, _strings),
    min_size=1,
    max_size=3,
)
_lists = st.one_of(st.just(b"NIL"), _addresses.map(lambda found: b"(" + b"".join(found) + b")"))
_parameters = st.one_of(
    st.just(b"NIL"),
    st.lists(
        st.builds(
            lambda a, b: b'"' + a + b'" ' + b, st.sampled_from([b"charset", b"name", b"format", b"FileName"]), _strings
        ),
        min_size=1,
        max_size=2,
    ).map(lambda found: b"(" + b" ".join(found) + b")"),
)
_dispositions = st.one_of(
    st.just(b"NIL"),
    st.builds(
        lambda kind, given: b'("' + kind + b'" ' + given + b")",
        st.sampled_from([b"inline", b"attachment", b"x"]),
        _parameters,
    ),
)
_leaves = st.builds(
    lambda kind, given, identity, size, disposition: (
        b"("
        + kind
        + b" "
        + given
        + b" "
        + identity
        + b' NIL "base64" '
        + size
        + (b" 3" if b"text" in kind.lower() else b"")
        + b" NIL "
        + disposition
        + b" NIL NIL)"
    ),
    st.sampled_from(
        [
            b'"text" "plain"',
            b'"TEXT" "HTML"',
            b'"text" "calendar"',
            b'"application" "pdf"',
            b'"image" "png"',
            b'"application" "pgp-encrypted"',
            b'"audio" "x"',
        ]
    ),
    _parameters,
    _nstrings,
    st.integers(0, 99999).map(lambda size: b"%d" % size),
    _dispositions,
)


def _multipart(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda parts, kind, given: b"(" + b"".join(parts) + b' "' + kind + b'" ' + given + b" NIL NIL NIL)",
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from([b"mixed", b"alternative", b"related", b"signed", b"MIXED"]),
        _parameters,
    )


_structures = st.one_of(_leaves, _multipart(_leaves), _multipart(st.one_of(_leaves, _multipart(_leaves))))
_rows = st.builds(
    lambda flags, envelope, structure, header: (
        b"* 3 FETCH (UID 7 FLAGS ("
        + flags
        + b') INTERNALDATE "01-Jan-2026 00:00:00 +0000" RFC822.SIZE 8336 ENVELOPE ('
        + b" ".join(envelope)
        + b") BODYSTRUCTURE "
        + structure
        + b" BODY[HEADER.FIELDS (REFERENCES LIST-ID)]<0> {%d}\r\n%s)\r\n" % (len(header), header)
    ),
    st.sampled_from([b"", b"\\Seen", b"\\Seen $Forwarded x"]),
    st.tuples(_nstrings, _nstrings, _lists, _lists, _lists, _lists, _lists, _lists, _nstrings, _nstrings),
    _structures,
    st.sampled_from(
        [
            b"\r\n",
            b"References: <a@b> <c@d>\r\n\r\n",
            b"References: <a@b>\r\nReferences: <c@d>\r\n\r\n",
            b"List-Id: X <x.y>\r\nList-Unsubscribe: <https://x.y/z>\r\n\r\n",
            b"List-Id: =?utf-8?q?X?= <x.y>\r\n\r\n",
            b"",
        ]
    ),
)


@given(_rows)
def test_any_row_is_read_the_same_both_ways(raw: bytes) -> None:
    (response,) = rows(raw)
    fast, slow, _ = both(response)
    assert fast == slow


@given(st.sampled_from([b"", b"\\Seen", b"\\Seen $F [x] a"]), st.integers(1, 2**32 - 1))
def test_a_row_of_flags_is_read_the_same_both_ways(flags: bytes, uid: int) -> None:
    (response,) = rows(b"* 9 FETCH (UID %d FLAGS (%s))\r\n" % (uid, flags))
    row = read_fetch(response)
    assert row is not None
    assert row.uid == uid
    assert row.items[b"FLAGS"] == _items(response.tokens())[b"FLAGS"]


def test_the_items_asked_for_come_in_the_order_of_the_form() -> None:
    asked = row_items(Features(), with_preview=False)
    assert asked.startswith("(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (")
