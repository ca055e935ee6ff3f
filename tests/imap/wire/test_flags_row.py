"""Rows of flags read by their form are what the tokenizer reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imap.wire.fetch import _items
from app.imap.wire.plain_row import read_flags_row
from app.imap.wire.tokenizer import tokenize

FLAGS = st.lists(st.sampled_from(["\\Seen", "\\Deleted", "$Done", "work", "a]b", "[x"]), max_size=4).map(
    lambda names: f"FLAGS ({' '.join(names)})"
)
MODSEQ = st.integers(0, 2**63).map(lambda number: f"MODSEQ ({number})")


@given(st.integers(0, 2**32 + 5), st.lists(st.one_of(FLAGS, MODSEQ), max_size=3))
def test_a_row_is_read_as_the_tokenizer_reads_it_or_left_to_it(uid: int, items: list[str]) -> None:
    text = f"({' '.join([f'UID {uid}', *items])})".encode()
    found = read_flags_row(text)
    kinds = [item[:1] for item in items]
    assert (found is not None) is (len(set(kinds)) == len(kinds))
    if found is not None:
        expected = _items(tokenize((text,)))
        assert (found[0], {**found[1], b"UID": str(uid).encode()}) == (uid, expected)


@pytest.mark.parametrize("text", [b"(FLAGS () UID 5)", b"(UID 5 FLAGS (a) )", b'(UID 5 FLAGS ("a"))', b"(UID 5 X 1)"])
def test_other_forms_are_left_to_the_tokenizer(text: bytes) -> None:
    assert read_flags_row(text) is None
