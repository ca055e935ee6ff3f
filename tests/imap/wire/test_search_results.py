"""Numbers a server answers a search with, honest and not."""

import pytest

from app.imap.wire.errors import MalformedResponse
from app.imap.wire.responses import Untagged
from app.imap.wire.search_results import read_numbers, read_set, read_threads


def told(*texts: bytes) -> list[Untagged]:
    return [Untagged(b"X", None, (text,)) for text in texts]


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [((), []), ((b"",), []), ((b"2 3 9",), [2, 3, 9]), ((b"3 2", b"9 2"), [3, 2, 9]), ((b"2 3 (MODSEQ 5)",), [2, 3])],
)
def test_numbers_are_read_in_their_order(texts: tuple[bytes, ...], numbers: list[int]) -> None:
    assert list(read_numbers(told(*texts), 100)) == numbers


@pytest.mark.parametrize("text", [b"1 2 3 4 5 6", b"0", b"-1", b"1_0", b"4294967296", b"x", b"9" * 5000, b"1 \xb2"])
def test_what_no_search_answers_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedResponse):
        read_numbers(told(text), 5)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (b'(TAG "M2") UID ALL 1:3,5', [1, 2, 3, 5]),
        (b'(TAG "M2") UID COUNT 2 ALL 9:8', [8, 9]),
        (b'(TAG "M2") UID', []),
        (b"", []),
        (b'(TAG "M2")', []),
    ],
)
def test_sets_are_read(text: bytes, numbers: list[int]) -> None:
    assert list(read_set(told(text), 100)) == numbers


@pytest.mark.parametrize(
    "ranges", [b"1:4294967295", b"1,,2", b"0", b"5:0", b"1:2:3", b"1:99999999999", b",".join([b"1"] * 500)]
)
def test_a_set_of_more_than_the_messages_is_refused(ranges: bytes) -> None:
    with pytest.raises(MalformedResponse):
        list(read_set(told(b'(TAG "M2") UID ALL ' + ranges), 100))


def test_numbers_that_are_no_uids_are_refused() -> None:
    with pytest.raises(MalformedResponse):
        read_set(told(b'(TAG "M2") ALL 1:3'), 100)


def test_threads_nested_twenty_thousand_deep_cost_no_stack() -> None:
    deep = b"".join(b"(%d " % uid for uid in range(1, 20_001)) + b")" * 20_000
    assert read_threads(told(deep), 20_000) == [list(range(1, 20_001))]


@pytest.mark.parametrize(
    "text", [b"(1", b"1)", b"1", b"(1)(1)", b"(0)", b"(x)", b"(4294967296)", b"(1 2 3 4 5 6)", b")("]
)
def test_malformed_threads_are_refused(text: bytes) -> None:
    with pytest.raises(MalformedResponse):
        read_threads(told(text), 5)


def test_threads_are_read() -> None:
    assert read_threads(told(b"(2)(3 6 (4 23)(44 7 96))"), 100) == [[2], [3, 6, 4, 23, 44, 7, 96]]
