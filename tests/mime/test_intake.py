"""Messages that are handed in: the same bytes however they are cut, whole lines, and no nonsense."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidRequest
from app.mime.intake import Intake
from app.mime.limits import MAX_INTAKE_HEADER

HEADER = b"From: a@example.com\nSubject: x\n folded\nMESSAGE-ID:\n <one@example.com>\n\n"


def taken(raw: bytes, cuts: list[int] | None = None) -> tuple[bytes, Intake]:
    intake = Intake()
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts or [])})
    pieces = [raw[start:stop] for start, stop in pairwise(places)]
    return b"".join(intake.feed(piece) for piece in pieces) + intake.finish(), intake


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"line"])), st.lists(st.integers(0, 200)))
def test_line_ends_become_whole_however_the_bytes_are_cut(body: list[bytes], cuts: list[int]) -> None:
    raw = HEADER + b"".join(body)
    stored, intake = taken(raw, cuts)
    assert stored == taken(raw)[0]
    assert stored.count(b"\n") == stored.count(b"\r\n")
    assert stored.replace(b"\r\n", b"\n") == raw.replace(b"\r\n", b"\n")
    assert intake.message_id == "one@example.com"


def test_a_message_with_whole_lines_is_left_as_it_is() -> None:
    raw = HEADER.replace(b"\n", b"\r\n") + b"a lone \r stays\r\n" + bytes(range(1, 10)) + "ä".encode()
    assert taken(raw)[0] == raw


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r"])
def test_a_header_alone_is_a_message_without_a_body(end: bytes) -> None:
    assert taken(b"Subject: x" + end)[0] == b"Subject: x\r\n\r\n"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"\r\nSubject: x\r\n\r\n", "empty line"),
        (b"\n", "empty line"),
        (b"From ana Mon Jan  1 00:00:00 2026\nSubject: x\n\n", "mbox"),
        (b"Subject: x\nno field\n\n", "Line 2"),
        (b" folded first\n\n", "Line 1"),
        (b"<html></html>", "Line 1"),
        (b"Subject: x\n\nbody\0", "NUL"),
        ("Betreff\u00e4: x\n\n".encode(), "Line 1"),
        (b"X: " + b"y" * MAX_INTAKE_HEADER + b"\n\n", "no end"),
    ],
)
def test_what_is_no_message_is_refused_with_a_reason(raw: bytes, says: str) -> None:
    for cuts in ([], [1], [3, 7, 11]):
        with pytest.raises(InvalidRequest, match=says) as refused:
            taken(raw, cuts)
        assert refused.value.problems[0].pointer == "/message"


def test_a_message_of_fifty_megabytes_is_not_kept() -> None:
    intake = Intake()
    intake.feed(HEADER)
    for _ in range(50):
        intake.feed(b"x" * 1_000_000)
    assert intake._header is None
    assert len(intake._tail) <= 2
