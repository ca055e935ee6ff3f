import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import NotFound
from app.domain.ids import (
    MessageKey,
    Uid,
    mailbox_id,
    mailbox_row,
    message_id,
    message_ids,
    message_key,
    new_id,
    new_row,
)

keys = st.builds(
    MessageKey,
    mailbox=st.integers(0, 2**63),
    uidvalidity=st.integers(0, 2**32 - 1),
    uid=st.integers(1, 2**32 - 1).map(Uid),
)


@given(keys)
def test_a_message_id_comes_back_as_it_was(key: MessageKey) -> None:
    text = message_id(key)
    assert message_key(text) == key
    assert text.replace("-", "").replace("_", "").isalnum()


@given(st.integers(0, 2**63), st.integers(0, 2**32 - 1), st.lists(st.integers(0, 2**32 - 1).map(Uid), max_size=5))
def test_ids_of_a_page_are_those_of_its_messages(mailbox: int, uidvalidity: int, uids: list[Uid]) -> None:
    each = [message_id(MessageKey(mailbox, uidvalidity, uid)) for uid in uids]
    assert message_ids(mailbox, uidvalidity, uids) == each


@given(st.integers(0, 2**63))
def test_a_mailbox_id_comes_back_as_it_was(row: int) -> None:
    assert mailbox_row(mailbox_id(row)) == row


@given(st.text(max_size=40))
@pytest.mark.parametrize("prefix", ["", "msg_", "mbx_"])
def test_nonsense_is_not_found(prefix: str, text: str) -> None:
    for read in (message_key, mailbox_row):
        try:
            found = read(prefix + text)
        except NotFound:
            continue
        assert prefix + text == (message_id(found) if isinstance(found, MessageKey) else mailbox_id(found))


def test_a_mailbox_id_is_no_message_id() -> None:
    with pytest.raises(NotFound):
        message_key(mailbox_id(7))


def test_new_ids_do_not_repeat() -> None:
    assert len({new_id("acc") for _ in range(1000)}) == 1000
    assert len({new_row() for _ in range(1000)}) == 1000
