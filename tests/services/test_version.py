"""The version of a message: what makes another one, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import PreconditionFailed
from app.services.version import is_of_flags, read_version, write_version


@given(st.lists(st.text()), st.one_of(st.none(), st.integers(1, 2**63 - 1)))
def test_a_version_is_read_as_it_was_written(flags: list[str], modseq: int | None) -> None:
    version = read_version(write_version("msg_1", flags, modseq), "msg_1")
    assert version.modseq == modseq
    assert is_of_flags(version, list(reversed(flags)))
    assert not is_of_flags(version, [*flags, "another"])


def test_a_version_of_another_message_matches_nothing() -> None:
    with pytest.raises(PreconditionFailed):
        read_version(write_version("msg_1", ["seen"], 7), "msg_2")


@pytest.mark.parametrize("text", ["", "x", "7-a-b", "*", "g-AAAAAAAA-AAAAAAAA", "7-AAAAAAAA-AAAAAAAA\n"])
def test_what_is_no_version_matches_nothing(text: str) -> None:
    with pytest.raises(PreconditionFailed):
        read_version(text, "msg_1")
