import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import UpstreamProtocolError
from app.imap.wire.limits import MAX_LINE, MAX_LITERAL
from app.imap.wire.reader import Pieces, ResponseReader

TRANSCRIPT = (
    b"* OK ready {5}\r\n"
    b"* 1 FETCH (UID 7 BODY[1] {5}\r\na)\r\n( BODY[2] ~{0}\r\n X {3+}\r\n{9})\r\n"
    b"a1 OK done {7}\r\n"
    b"+ go {3}\r\n"
    b"* LIST () NIL {012}\r\nsome\nmailbox\n"
    b"* BYE\r\n"
)
RESPONSES: list[Pieces] = [
    (b"* OK ready {5}",),
    (b"* 1 FETCH (UID 7 BODY[1] ", b"a)\r\n(", b" BODY[2] ", b"", b" X ", b"{9}", b")"),
    (b"a1 OK done {7}",),
    (b"+ go {3}",),
    (b"* LIST () NIL ", b"some\nmailbox", b""),
    (b"* BYE",),
]


def read_all(reader: ResponseReader) -> list[Pieces]:
    found = []
    while (pieces := reader.next_response()) is not None:
        found.append(pieces)
    return found


def test_every_split_into_two_gives_the_same_responses() -> None:
    for cut in range(len(TRANSCRIPT) + 1):
        reader = ResponseReader()
        reader.feed(TRANSCRIPT[:cut])
        found = read_all(reader)
        reader.feed(TRANSCRIPT[cut:])
        assert found + read_all(reader) == RESPONSES, f"cut at {cut}"
        assert reader.is_empty


@given(st.lists(st.integers(1, 9), min_size=1, max_size=len(TRANSCRIPT)))
def test_any_dripping_gives_the_same_responses(sizes: list[int]) -> None:
    reader = ResponseReader()
    found = []
    position = turn = 0
    while position < len(TRANSCRIPT):
        size = sizes[turn % len(sizes)]
        reader.feed(TRANSCRIPT[position : position + size])
        found += read_all(reader)
        position += size
        turn += 1
    assert found == RESPONSES


@given(st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=4), max_size=5), st.integers(1, 50))
def test_literals_hold_any_bytes(responses: list[list[bytes]], size: int) -> None:
    wire = b"".join(
        b"* X" + b"".join(b" {%d}\r\n%s" % (len(one), one) for one in literals) + b"\r\n" for literals in responses
    )
    reader = ResponseReader()
    found = []
    for start in range(0, len(wire), size):
        reader.feed(wire[start : start + size])
        found += read_all(reader)
    assert [list(pieces[1::2]) for pieces in found] == responses


def test_is_empty_tells_of_every_byte_left_over() -> None:
    reader = ResponseReader()
    reader.feed(b"* OK\r\n* N")
    assert read_all(reader) == [(b"* OK",)]
    assert not reader.is_empty
    reader = ResponseReader()
    reader.feed(b"* X {3}\r\n")
    assert reader.next_response() is None
    assert not reader.is_empty
    assert reader.missing == 3


def test_a_line_without_end_is_refused_at_the_bound() -> None:
    reader = ResponseReader()
    chunk = b"x" * 65536
    for _ in range(MAX_LINE // len(chunk)):
        reader.feed(chunk)
        assert reader.next_response() is None
    reader.feed(b"x")
    with pytest.raises(UpstreamProtocolError):
        reader.next_response()


@pytest.mark.parametrize("size", [b"3221225472", b"99999999999999999999", b"9" * 5000, str(MAX_LITERAL + 1).encode()])
def test_a_huge_literal_is_refused_when_it_is_announced(size: bytes) -> None:
    reader = ResponseReader()
    tracemalloc.start()
    reader.feed(b"* 1 FETCH (BODY[] {%s}\r\n" % size)
    with pytest.raises(UpstreamProtocolError):
        reader.next_response()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


def test_many_literals_in_one_response_are_refused() -> None:
    reader = ResponseReader()
    reader.feed(b"* X " + b"{0}\r\n" * 5000)
    with pytest.raises(UpstreamProtocolError):
        reader.next_response()


def test_literals_that_add_up_over_the_bound_are_refused() -> None:
    reader = ResponseReader()
    reader.feed(b"* X {%d}\r\n" % MAX_LITERAL + bytes(MAX_LITERAL) + b" {%d}\r\n" % MAX_LITERAL)
    with pytest.raises(UpstreamProtocolError):
        reader.next_response()
