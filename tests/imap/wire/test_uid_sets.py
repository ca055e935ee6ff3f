from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imap.wire.errors import MalformedResponse
from app.imap.wire.uid_sets import count_below, format_set, parse_set

NUMBERS = st.sets(st.one_of(st.integers(1, 60), st.integers(1, 2**32 - 1)), min_size=1)


@given(NUMBERS)
def test_a_set_is_read_back(numbers: set[int]) -> None:
    text = format_set(numbers)
    ranges = parse_set(text.encode())
    assert [(first, last) for first, last in ranges] == sorted(ranges)
    assert {number for first, last in ranges for number in range(first, last + 1)} == numbers
    assert all(later[0] > earlier[1] + 1 for earlier, later in pairwise(ranges)), "not the shortest"


@given(NUMBERS, st.integers(1, 2**32))
def test_count_below(numbers: set[int], bound: int) -> None:
    assert count_below(parse_set(format_set(numbers).encode()), bound) == sum(one < bound for one in numbers)


def test_forms() -> None:
    assert format_set([3, 1, 2, 2, 9]) == "1:3,9"
    assert parse_set(b"9,5:3") == ((9, 9), (3, 5))


@pytest.mark.parametrize("numbers", [[], [0], [-1, 5], [2**32]])
def test_what_is_no_set_is_never_written(numbers: list[int]) -> None:
    with pytest.raises(ValueError, match="number"):
        format_set(numbers)


BAD = [b"", b"*", b"1:*", b"0", b"1,", b"a", b"1:2:3", b"4294967296", b"1 2", b"\xb2", b"1," * 200_000]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_set_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedResponse):
        parse_set(text)
