"""Rows of flags read together say what they say one by one."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.errors import UpstreamProtocolError
from app.imap.window import Window
from app.imap.wire.flags_run import read_run, rows_of, run_length
from app.imap.wire.limits import MAX_RUN
from app.imap.wire.reader import ResponseReader
from app.imap.wire.responses import Untagged, read_response

FLAG = st.sampled_from(["\\Seen", "\\Recent", "$Forwarded", "a]", "[b", "NIL", "x.y+z", "\\*"])
FLAGS = st.lists(FLAG, max_size=4).map(" ".join)
NUMBER = st.integers(0, 30) | st.sampled_from([0xFFFFFFFF, 0x100000000, 9999999999])
PLAIN = st.builds("* {} FETCH (UID {} FLAGS ({}))".format, NUMBER, NUMBER, FLAGS)
ODD = st.sampled_from(
    [
        "* 3 EXISTS",
        "* 2 EXPUNGE",
        "* VANISHED 4:7",
        "* 07 FETCH (UID 8 FLAGS ())",
        "* 7 FETCH (UID 008 FLAGS ())",
        "* 5 FETCH (FLAGS (\\Seen))",
        "* 5 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (7))",
        "* 5 FETCH (FLAGS (\\Seen) UID 5)",
        '* 5 FETCH (UID 5 FLAGS ("quoted"))',
        "* 5 FETCH (UID 5 FLAGS ({3}\r\nabc))",
        "* 5 FETCH (UID 5 FLAGS (caf\u00e9))",
        "* 5 fetch (UID 5 FLAGS ())",
        f"* 5 FETCH (UID 5 FLAGS ({'k' * 300}))",
        "* OK [UIDNEXT 5] (UID 5 FLAGS ())",
    ]
)
ANSWERS = st.lists(PLAIN | PLAIN | ODD, max_size=30)


def one_by_one(data: bytes) -> Window:
    return fed(ResponseReader(), Window(1000), [data], by_runs=False)


def fed(reader: ResponseReader, window: Window, chunks: list[bytes], *, by_runs: bool) -> Window:
    for chunk in chunks:
        reader.feed(chunk)
        while True:
            if by_runs and (run := reader.take_run(run_length)):
                window.take_run(run)
                continue
            pieces = reader.next_response()
            if pieces is None:
                break
            response = read_response(pieces)
            assert isinstance(response, Untagged)
            window.take(response)
    assert reader.is_empty
    return window


@given(ANSWERS, st.lists(st.integers(0, 2000), max_size=4))
@example(["* 1 FETCH (UID 5 FLAGS ())", "* 1 FETCH (UID 6 FLAGS (a))"], [])
@example(["* 1 FETCH (UID 5 FLAGS ())", "* 1 EXPUNGE", "* 1 FETCH (UID 6 FLAGS (a))"], [])
def test_runs_say_what_single_rows_say_however_the_stream_is_cut(answers: list[str], cuts: list[int]) -> None:
    data = b"".join(line.encode() + b"\r\n" for line in answers)
    places = sorted({0, len(data), *[cut % (len(data) + 1) for cut in cuts]})
    chunks = [data[start:stop] for start, stop in itertools.pairwise(places)]
    by_runs = fed(ResponseReader(), Window(1000), chunks, by_runs=True)
    expected = one_by_one(data)
    assert dict(by_runs.rows) == dict(expected.rows)
    assert by_runs.expunged == expected.expunged


@given(st.lists(PLAIN, max_size=30))
def test_a_run_that_is_remembered_is_never_changed(answers: list[str]) -> None:
    run = b"".join(line.encode() + b"\r\n" for line in answers)[:MAX_RUN]
    before = dict(read_run(run))
    window = Window(1000)
    window.take_run(run)
    for response in ("* 1 EXPUNGE", "* 2 FETCH (UID 2 MODSEQ (9) FLAGS (changed))", "* VANISHED 1:9"):
        found = read_response((response.encode(),))
        assert isinstance(found, Untagged)
        window.take(found)
    assert dict(read_run(run)) == before
    assert window.run is None


def test_a_literal_is_no_run_whatever_it_holds() -> None:
    reader = ResponseReader()
    reader.feed(b"* 1 FETCH (UID 1 BODY[] {29}\r\n* 2 FETCH (UID 2 FLAGS ())\r\n")
    assert reader.take_run(run_length) == b""
    assert reader.next_response() is None
    assert reader.take_run(run_length) == b""


def test_a_run_ends_at_its_bound() -> None:
    line = b"* 1 FETCH (UID 1 FLAGS (" + b"k" * 200 + b"))\r\n"
    buffer = bytearray(line * 1000)
    size = run_length(buffer, 0)
    assert MAX_RUN - len(line) < size <= MAX_RUN
    assert size % len(line) == 0
    assert run_length(buffer, 1) == 0


def test_rows_beyond_what_was_asked_for_end_the_connection() -> None:
    run = b"".join(b"* %d FETCH (UID %d FLAGS ())\r\n" % (seq, seq) for seq in range(1, 12))
    with pytest.raises(UpstreamProtocolError):
        Window(10).take_run(run)


def test_uids_that_do_not_ascend_are_no_page() -> None:
    with pytest.raises(UpstreamProtocolError):
        rows_of(b"* 1 FETCH (UID 9 FLAGS ())\r\n* 2 FETCH (UID 8 FLAGS ())\r\n", 1, 2)
