"""The one pass over a row's header fields says what the readers of single fields say."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.message import ListMarker
from app.mime.headers import list_marker, message_ids, raw_fields
from app.mime.row_fields import RowFields, read_row_fields


def by_single_fields(block: bytes) -> RowFields:
    fields: dict[str, bytes] = {}
    for name, value in raw_fields(block):
        fields.setdefault(name.lower(), value)
    return RowFields(
        message_ids(fields.get("references")),
        list_marker(fields.get("list-id"), fields.get("list-unsubscribe"), fields.get("list-unsubscribe-post")),
    )


_names = st.sampled_from(
    [b"References", b"REFERENCES", b"List-Id", b"List-ID", b"List-Unsubscribe", b"List-Unsubscribe-Post", b"Subject"]
)
_words = st.sampled_from(
    [
        b"<a@b.example>",
        b"<a@b.example>",
        b"<c=?utf-8?q?x?=@d>",
        b"<>",
        b"no-brackets@x",
        b"<https://list.example/u?x=1&y=2#z>",
        b"<http://list.example>",
        b"<HTTPS://list.example/>",
        b"<mailto:leave@list.example?subject=x>",
        b"<mailto:>",
        b"<mailto://host/>",
        b"<ftp://x>",
        b"<https://[::1/>",
        b"<https://list.example/a b>",
        b"List-Unsubscribe=One-Click",
        b"LIST-UNSUBSCRIBE=one-click",
        b"One",
        b"Name",
        b'"Quoted, name"',
        b"=?utf-8?q?n=C3=A4me?=",
        b"\xc3\xa4",
        b"\x00",
        b"<list.id.example>",
        b"<" + b"x" * 950 + b"@y>",
        b"",
    ]
)
_gaps = st.sampled_from([b" ", b" ", b"", b", ", b",", b"\r\n ", b"\r\n\t", b"  ", b"\t", b"\n ", b"\r", b" \r\n "])
_values = st.lists(st.tuples(_gaps, _words), max_size=5).map(
    lambda found: b"".join([gap + word for gap, word in found])
)
_lines = st.one_of(
    st.builds(lambda name, value: name + b":" + value, _names, _values),
    st.builds(lambda name, value: name + b" : " + value, _names, _values),
    st.sampled_from([b"", b"no colon", b" folded alone"]),
)
_ends = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"])
_blocks = st.builds(
    lambda lines, last: b"".join([line + end for line, end in lines]) + last,
    st.lists(st.tuples(_lines, _ends), max_size=5),
    st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b""]),
)


@given(_blocks)
@example(b"References: <a@b>\r\nReferences: <c@d>\r\n\r\n")
@example(b"List-Id: <a.b>\r\nlist-id: <c.d>\r\n\r\n")
@example(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n")
@example(b"References:" + b" <a@b>" * 201 + b"\r\n\r\n")
def test_any_block_is_read_the_same_both_ways(block: bytes) -> None:
    fast = read_row_fields(block)
    assert fast is None or fast == by_single_fields(block)


COMMON = (
    b"\r\n",
    b"References: <a@b.example>\r\n\r\n",
    b"References: <1.x@b.example>\r\n <2.x@b.example>\r\n\t<3.x@b.example>\r\n\r\n",
    b"List-ID: Announcements <announce.lists.example>\r\nReferences: <a@b> <c@d>\r\n\r\n",
    (
        b"List-Unsubscribe: <mailto:leave@lists.example?subject=leave>,\r\n <https://lists.example/leave?id=1>\r\n"
        b"List-Id: <announce.lists.example>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n"
    ),
)


@pytest.mark.parametrize("block", COMMON)
def test_common_blocks_are_read_in_one_pass(block: bytes) -> None:
    fast = read_row_fields(block)
    assert fast is not None
    assert fast == by_single_fields(block)


def test_a_list_with_one_click_is_told() -> None:
    fast = read_row_fields(COMMON[-1])
    assert fast is not None
    assert fast.list == ListMarker(
        "announce.lists.example",
        ("mailto:leave@lists.example?subject=leave", "https://lists.example/leave?id=1"),
        is_one_click=True,
    )


@pytest.mark.parametrize(
    "block",
    [
        b"References:" + b"\r\n <a@b>" * 4_000,
        b"References: <" + b"<" * 8_000,
        b"List-Id: " + b"x " * 8_000,
        b"List-Unsubscribe:" + b",<https://a.b/>" * 4_000 + b"\r\n\r\n",
        b"References: <a>\r\n" * 4_000,
    ],
)
def test_hostile_blocks_take_no_longer_than_honest_ones(block: bytes) -> None:
    begun = time.process_time()
    for _ in range(20):
        read_row_fields(block[:8192])
        read_row_fields(block)
    assert time.process_time() - begun < 0.5
