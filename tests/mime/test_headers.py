import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.message import Header, ListMarker
from app.mime.headers import header_end, list_marker, message_ids, parse_header_block, raw_fields
from app.mime.limits import MAX_HEADER_FIELDS, MAX_HEADER_VALUE_BYTES, MAX_MESSAGE_IDS


def test_a_block_is_unfolded_decoded_and_ends_at_the_empty_line() -> None:
    raw = b"From x Mon\r\nSubject: =?utf-8?q?=C3=A9?=\r\n  more\r\nno colon here\r\nX-Empty:\r\nA : b\r\n\r\nBody: no"
    assert parse_header_block(raw) == (Header("Subject", "é more"), Header("X-Empty", ""), Header("A", "b"))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_both_line_ends(end: bytes) -> None:
    assert raw_fields(b"A: b" + end + b"C: d" + end + end + b"E: f") == (("A", b"b"), ("C", b"d"))


@pytest.mark.parametrize(
    ("raw", "ends"),
    [(b"\r\nbody", (0, 2)), (b"\nbody", (0, 1)), (b"A: b\n\nx", (5, 6)), (b"A: b\r\n\r\nx", (6, 8)), (b"A: b", (4, 4))],
)
def test_where_a_header_ends(raw: bytes, ends: tuple[int, int]) -> None:
    assert header_end(raw) == ends


def test_fields_are_bounded() -> None:
    assert len(raw_fields(b"A: b\n" * 5_000)) == MAX_HEADER_FIELDS
    ((_, value),) = raw_fields(b"A: " + b"x" * 400_000)
    assert len(value) <= MAX_HEADER_VALUE_BYTES


@given(st.binary(max_size=300))
def test_no_block_raises(raw: bytes) -> None:
    for header in parse_header_block(raw):
        assert header.name
        assert "\n" not in header.value


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        (b"<a@b>", ("a@b",)),
        (b"<a@b>\r\n <c@d> <e f@g>", ("a@b", "c@d", "ef@g")),
        (b'"Your message" of today <a@b>', ("a@b",)),
        (b"12223", ("12223",)),
        (b"a@b, c@d", ("a@b", "c@d")),
        (b"<>", ()),
        (None, ()),
    ],
)
def test_message_ids(raw: bytes | None, ids: tuple[str, ...]) -> None:
    assert message_ids(raw) == ids


def test_of_many_message_ids_the_first_and_the_last_stay() -> None:
    ids = message_ids(" ".join(f"<{number}@x>" for number in range(1_000)))
    assert len(ids) == MAX_MESSAGE_IDS
    assert (ids[0], ids[1], ids[-1]) == ("0@x", "801@x", "999@x")


def test_a_list_says_so() -> None:
    marker = list_marker(
        b'"The \xc3\xa9 list" <the.list.example>',
        b"<https://l.example/u?x=1>,\r\n <mailto:leave@l.example?subject=go>, <javascript:alert(1)>, <https:>, <ftp://x/y>",
        b"List-Unsubscribe=One-Click",
    )
    assert marker == ListMarker(
        "the.list.example", ("https://l.example/u?x=1", "mailto:leave@l.example?subject=go"), True
    )


def test_one_click_needs_https() -> None:
    marker = list_marker(None, b"<http://l.example/u>", b"List-Unsubscribe=One-Click")
    assert marker == ListMarker(None, ("http://l.example/u",), False)


def test_what_is_no_list() -> None:
    assert list_marker(None, None, None) is None
    assert list_marker(b"", b"<data:text/html,x>", None) is None
