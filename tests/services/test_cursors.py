import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.errors import InvalidRequest
from app.domain.ids import Seq, Uid
from app.services.cursors import PageCursor, read_cursor, write_cursor

_U32 = st.integers(0, 2**32 - 1)
cursors = st.builds(
    PageCursor,
    mailbox=st.integers(0, 2**63),
    uidvalidity=_U32,
    uid=st.integers(1, 2**32 - 1).map(Uid),
    seq=_U32.map(Seq),
)


@given(cursors)
def test_a_cursor_comes_back_as_it_was(cursor: PageCursor) -> None:
    assert read_cursor(write_cursor(cursor), cursor.mailbox) == cursor


@given(cursors, st.integers(0, 2**63))
def test_a_cursor_of_another_mailbox_is_refused(cursor: PageCursor, other: int) -> None:
    if other != cursor.mailbox:
        with pytest.raises(InvalidRequest, match="another mailbox"):
            read_cursor(write_cursor(cursor), other)


@given(st.text(max_size=60))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_cursor(text, 1)
    assert refused.value.problems[0].pointer == "/query/cursor"


@example(PageCursor(1, 2, Uid(3), Seq(4)), 33, "0")  # differs in bits that base64 leaves unused
@given(cursors, st.integers(0, 33), st.characters(codec="ascii"))
def test_a_damaged_cursor_is_refused(cursor: PageCursor, at: int, character: str) -> None:
    text = write_cursor(cursor)
    damaged = text[:at] + character + text[at + 1 :]
    if damaged != text:
        with pytest.raises(InvalidRequest):
            read_cursor(damaged, cursor.mailbox)
