"""Lines and dot-stuffed data out of any slicing of the stream."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import UpstreamProtocolError
from app.pop3.wire.limits import MAX_LINE
from app.pop3.wire.reader import StreamReader


def stuffed(lines: list[bytes]) -> bytes:
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


LINES = st.lists(
    st.lists(st.sampled_from([b".", b"..", b"a", b"\r", b" ", b"+OK"]), max_size=4).map(b"".join), max_size=8
)


def read_data(reader: StreamReader, pieces: list[bytes]) -> tuple[bytes, bool]:
    data = b""
    for piece in pieces:
        reader.feed(piece)
        got, is_end = reader.data()
        data += got
        if is_end:
            return data, True
    return data, False


@given(lines=LINES, cuts=st.lists(st.integers(0, 80), max_size=10))
def test_data_is_read_however_it_is_sliced(lines: list[bytes], cuts: list[int]) -> None:
    lines = [line for line in lines if not line.endswith(b"\r")]
    wire = stuffed(lines) + b"+OK next\r\n"
    edges = sorted({min(cut, len(wire)) for cut in cuts} | {0, len(wire)})
    pieces = [wire[start:stop] for start, stop in pairwise(edges)]
    reader = StreamReader()
    data = b""
    status: bytes | None = None
    is_end = False
    for piece in pieces:
        reader.feed(piece)
        if not is_end:
            got, is_end = reader.data()
            data += got
        if is_end and status is None:
            status = reader.line()
    assert data == b"".join(line + b"\r\n" for line in lines)
    assert status == b"+OK next"
    assert reader.is_empty


def test_every_byte_may_come_alone() -> None:
    wire = stuffed([b"Subject: x", b"", b".", b"..a", b"b."])
    data, is_end = read_data(StreamReader(), [wire[place : place + 1] for place in range(len(wire))])
    assert is_end
    assert data == b"Subject: x\r\n\r\n.\r\n..a\r\nb.\r\n"


def test_bare_lf_ends_lines_and_data() -> None:
    reader = StreamReader()
    data, is_end = read_data(reader, [b"a\n..b\n.\n+OK\n"])
    assert (data, is_end) == (b"a\n.b\n", True)
    assert reader.line() == b"+OK"


def test_a_dot_that_was_not_doubled_is_lost_and_nothing_else() -> None:
    data, is_end = read_data(StreamReader(), [b".hidden\r\nseen\r\n.\r\n"])
    assert (data, is_end) == (b"hidden\r\nseen\r\n", True)


def test_a_line_of_a_megabyte_is_data_like_any_other() -> None:
    line = b"x" * 1_000_000
    data, is_end = read_data(StreamReader(), [stuffed([line])])
    assert is_end
    assert data == line + b"\r\n"


def test_an_endless_status_line_is_refused() -> None:
    reader = StreamReader()
    reader.feed(b"+OK " + b"x" * MAX_LINE)
    with pytest.raises(UpstreamProtocolError):
        reader.line()


def test_data_takes_no_more_memory_than_what_was_fed() -> None:
    reader = StreamReader()
    for _ in range(100):
        reader.feed(b"y" * 65_536)
        got, is_end = reader.data()
        assert len(got) == 65_536
        assert not is_end
    assert reader.is_empty
    assert re.fullmatch(rb"y+", got)


@given(lines=st.lists(st.sampled_from([b"1 a", b".x", b"", b"2 b b"]), max_size=6), cuts=st.lists(st.integers(0, 60)))
def test_listings_are_read_however_they_are_sliced(lines: list[bytes], cuts: list[int]) -> None:
    wire = stuffed(lines) + b"+OK next\r\n"
    edges = sorted({min(cut, len(wire)) for cut in cuts} | {0, len(wire)})
    reader = StreamReader()
    found: list[bytes] = []
    is_end = False
    for start, stop in pairwise(edges):
        reader.feed(wire[start:stop])
        if not is_end:
            got, is_end = reader.lines()
            found += got
    assert is_end
    assert found == lines
    assert reader.line() == b"+OK next"


def test_an_endless_line_of_a_listing_is_refused() -> None:
    for wire in (b"x" * (MAX_LINE + 1), b"x" * (MAX_LINE + 1) + b"\n1 a\n"):
        reader = StreamReader()
        reader.feed(wire)
        with pytest.raises(UpstreamProtocolError):
            reader.lines()
