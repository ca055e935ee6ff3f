import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidRequest
from app.services.id_cursor import read_cursor, write_cursor

QUESTION = ("accounts", None, "tenant", "connected")


def test_a_cursor_comes_back() -> None:
    assert read_cursor(QUESTION, write_cursor(QUESTION, "acc_7h2k")) == "acc_7h2k"


@pytest.mark.parametrize("other", [("tokens", None, "tenant", "connected"), ("accounts", None, None, "connected")])
def test_a_cursor_of_another_filter_is_refused(other: tuple[str | None, ...]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_cursor(other, write_cursor(QUESTION, "acc_7h2k"))
    assert caught.value.problems[0].pointer == "/query/cursor"


@given(st.text(max_size=300))
def test_what_is_not_a_cursor_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_cursor(QUESTION, text)
