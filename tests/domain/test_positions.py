import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import CursorExpired, InvalidRequest
from app.domain.positions import LogHead, LogPosition, read_token, write_token

numbers = st.integers(0, 2**63 - 1)


@given(numbers, numbers)
def test_a_token_says_what_it_was_made_from(epoch: int, position: int) -> None:
    known = LogPosition(epoch, position)
    assert read_token(write_token(known)) == known
    assert write_token(known).replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=40) | st.text("AZaz09-_", min_size=28, max_size=28))
def test_what_never_was_a_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_token(text)


@given(numbers, numbers, st.integers(0, 27), st.sampled_from("ABab01-_"))
def test_a_changed_token_is_refused(epoch: int, position: int, place: int, sign: str) -> None:
    token = write_token(LogPosition(epoch, position))
    changed = token[:place] + sign + token[place + 1 :]
    if changed != token:
        with pytest.raises(InvalidRequest):
            read_token(changed)


@pytest.mark.parametrize("position", [10, 15, 20])
def test_a_token_between_floor_and_end_is_taken(position: int) -> None:
    assert LogHead(7, 20, 10).require(LogPosition(7, position)) == position


@pytest.mark.parametrize(
    "known",
    [LogPosition(8, 15), LogPosition(7, 21), LogPosition(7, 9)],
    ids=["of another log", "past the end", "of what was trimmed"],
)
def test_a_token_the_log_cannot_go_on_from_is_expired(known: LogPosition) -> None:
    with pytest.raises(CursorExpired, match="state"):
        LogHead(7, 20, 10).require(known)


def test_a_log_without_events_takes_its_own_token() -> None:
    head = LogHead(7, 0, 0)
    assert head.require(read_token(head.token)) == 0
