"""What is held of a maildrop answers searches as a mail server would, and says what it cannot know."""

import pytest

from app.domain.errors import CursorExpired
from app.domain.ids import Uid
from app.domain.lookup import MatchQuery, RowsQuery, Sort, SortKey
from app.domain.maildrop import MaildropRow
from app.domain.search import Term, parse, to_text
from app.gateway.maildrop.held import HeldMessages, not_whole
from app.mime.summary import summary_from_header

MAIL = {
    1: (b"From: Ana <ana@example.com>\r\nSubject: Tea\r\nMessage-ID: <a@x>\r\n", ("seen",)),
    2: (b"From: Bo <bo@example.com>\r\nSubject: Re: Tea\r\nIn-Reply-To: <a@x>\r\nMessage-ID: <b@x>\r\n", ()),
    3: (b"From: Ana <ana@example.com>\r\nSubject: Coffee\r\nMessage-ID: <c@x>\r\n", ("flagged", "later")),
}


@pytest.fixture
def held() -> HeldMessages:
    rows = [
        MaildropRow(Uid(uid), flags, 100 * uid, summary_from_header(Uid(uid), header, 100 * uid, 0.0, is_cut=False))
        for uid, (header, flags) in MAIL.items()
    ]
    rows.append(MaildropRow(Uid(4), (), 400, None))
    return HeldMessages(7, rows[::-1], is_complete=True)


def term(query: str) -> Term:
    return parse(query)


@pytest.mark.parametrize(
    ("query", "uids"),
    [
        ("", [1, 2, 3, 4]),
        ("from:ana", [1, 3]),
        ("subject:tea -is:unread", [1]),
        ("is:unread", [2, 3, 4]),
        ("keyword:LATER", [3]),
        ("larger:250", [3, 4]),
        ("bo@example", [2]),
        ("from:ana OR from:bo", [1, 2, 3]),
    ],
)
def test_queries(held: HeldMessages, query: str, uids: list[int]) -> None:
    assert list(held.find(MatchQuery("INBOX", term(query)), 0.0).uids) == uids


def test_pages_and_sorts(held: HeldMessages) -> None:
    assert list(held.find(MatchQuery("INBOX", term(""), 7, Uid(3)), 0.0).uids) == [1, 2]
    by_size = MatchQuery("INBOX", term(""), 7, sort=Sort(SortKey.SIZE, is_descending=True))
    assert list(held.find(by_size, 0.0).uids) == [4, 3, 2, 1]


def test_another_maildrop_is_an_expired_cursor(held: HeldMessages) -> None:
    with pytest.raises(CursorExpired):
        held.find(MatchQuery("INBOX", term(""), 8), 0.0)


def test_rows_come_in_the_order_asked(held: HeldMessages) -> None:
    rows = held.rows(RowsQuery("INBOX", 7, [Uid(3), Uid(9), Uid(4)]), (), 0.0)
    assert [row.uid for row in rows] == [3, 4]
    assert [row.facts and row.facts.subject for row in rows] == ["Coffee", ""]


def test_conversations_are_found_by_references(held: HeldMessages) -> None:
    found = held.conversations()
    assert [one.uids for one in found.items] == [(4,), (3,), (1, 2)]
    assert (found.source, set(found.unseen), found.is_complete) == ("service", {2, 3, 4}, True)


def test_terms_of_bodies_and_attachments_are_said_to_be_open() -> None:
    query = term("from:ana body:stones has:attachment (tea OR is:unread)")
    assert [to_text(leaf) for leaf in not_whole(query)] == ["body:stones", "has:attachment", "tea"]
