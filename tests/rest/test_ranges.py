import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import RangeNotSatisfiable
from app.rest.ranges import ByteRange, parse_range, resolve


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        ("bytes=0-0", 10, (0, 1)),
        ("bytes=0-4", 10, (0, 5)),
        ("bytes=5-", 10, (5, 10)),
        ("bytes=-3", 10, (7, 10)),
        ("bytes=-30", 10, (0, 10)),
        ("bytes=8-100", 10, (8, 10)),
        ("Bytes = 1-2", 10, (1, 3)),
    ],
)
def test_a_range_is_placed_within_the_content(header: str, size: int, expected: tuple[int, int]) -> None:
    match = parse_range(header)
    assert match
    assert resolve(match, size) == ByteRange(*expected)


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_outside_is_refused_with_the_size(header: str) -> None:
    match = parse_range(header)
    assert match
    with pytest.raises(RangeNotSatisfiable) as refused:
        resolve(match, 10)
    assert refused.value.size == 10


@pytest.mark.parametrize(
    "header", [None, "", "bytes=", "bytes=a-b", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=--1"]
)
def test_what_is_no_single_range_means_the_whole(header: str | None) -> None:
    assert parse_range(header) is None


@given(st.text(max_size=40), st.integers(0, 100))
def test_no_header_breaks_it(text: str, size: int) -> None:
    match = parse_range(text)
    if match:
        try:
            found = resolve(match, size)
        except RangeNotSatisfiable:
            return
        assert 0 <= found.start < found.stop <= size
