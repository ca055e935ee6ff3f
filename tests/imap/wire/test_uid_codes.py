"""COPYUID, APPENDUID and MODIFIED: the mapping is right or is not believed at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ids import Uid
from app.imap.wire.responses import Code, Completion, read_response
from app.imap.wire.uid_codes import appended_uid, copied_uids, modified_uids
from app.imap.wire.uid_sets import format_set, within

UIDS = st.integers(1, 0xFFFFFFFF)
SMALL = st.integers(1, 60)


def code(text: bytes) -> Code | None:
    done = read_response((b"M1 OK [" + text + b"] done",))
    assert isinstance(done, Completion)
    return done.code


@given(st.dictionaries(UIDS, UIDS, min_size=1, max_size=30), UIDS)
def test_each_message_gets_its_own_new_uid(pairs: dict[int, int], uidvalidity: int) -> None:
    """As servers write it: sources in any order, ranges where they happen to be."""
    new = sorted(set(pairs.values()))
    mapping = dict(zip(sorted(pairs), new, strict=False))
    text = f"COPYUID {uidvalidity} {format_set(mapping)} {format_set(mapping.values())}"
    assert copied_uids(code(text.encode()), set(mapping), len(mapping)) == (uidvalidity, mapping)


def test_sets_that_do_not_ascend_are_paired_as_written() -> None:
    found = copied_uids(code(b"COPYUID 38505 304,319:320 3956:3958"), {304, 319, 320}, 3)
    assert found == (38505, {304: 3956, 319: 3957, 320: 3958})
    assert copied_uids(code(b"COPYUID 1 9,2 5,4"), {2, 9}, 2) == (1, {9: 5, 2: 4})


@pytest.mark.parametrize(
    "text",
    [
        b"COPYUID 1 1:3 4:5",
        b"COPYUID 1 1:4294967295 1:4294967295",
        b"COPYUID 0 1 1",
        b"COPYUID 1 7 1",
        b"COPYUID 1 1,1 4,5",
        b"COPYUID 1 * 1",
        b"COPYUID 1 1",
        b"COPYUID",
        b"COPYUID 1 , ,",
        b"APPENDUID 1 1",
    ],
)
def test_what_makes_no_sense_is_not_believed(text: bytes) -> None:
    assert copied_uids(code(text), {1, 2, 3}, 3) is None


def test_a_new_message_has_its_uid() -> None:
    assert appended_uid(code(b"APPENDUID 38505 3955")) == (38505, 3955)
    for text in (b"APPENDUID 1", b"APPENDUID 0 1", b"APPENDUID 1 0", b"APPENDUID 1 4294967296", b"COPYUID 1 1 1"):
        assert appended_uid(code(text)) is None
    assert appended_uid(None) is None


@given(st.sets(SMALL, min_size=1), st.sets(SMALL, min_size=1))
def test_modified_names_those_that_were_asked_for(said: set[int], asked: set[int]) -> None:
    wanted = {Uid(uid) for uid in asked}
    assert modified_uids(code(f"MODIFIED {format_set(said)}".encode()), wanted) == said & asked


def test_a_modified_that_cannot_be_read_means_all() -> None:
    assert modified_uids(code(b"MODIFIED x"), {Uid(1), Uid(2)}) == {1, 2}
    assert modified_uids(code(b"READ-ONLY"), {Uid(1)}) == set()
    assert modified_uids(None, {Uid(1)}) == set()


@given(st.sets(SMALL), st.lists(st.tuples(SMALL, SMALL).map(lambda pair: (min(pair), max(pair)))))
def test_within_is_what_writing_the_ranges_out_gives(wanted: set[int], ranges: list[tuple[int, int]]) -> None:
    written = {number for first, last in ranges for number in range(first, last + 1)}
    assert within(wanted, ranges) == wanted & written
    assert within({1, 1 << 31}, [(2, (1 << 32) - 1)]) == {1 << 31}
