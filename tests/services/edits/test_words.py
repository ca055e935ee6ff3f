"""What clients write to act on mail: taken as meant, or refused with a pointer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.edits import FlagEdit
from app.domain.errors import InvalidRequest
from app.services.edits.limits import FLAGS_AT_ONCE, KEYWORD_CHARS, MUTATION_ID_CHARS
from app.services.edits.words import check_flags, check_mutation_id, flag_edit

ATOM_SPECIALS = '(){ %*"\\]'


def test_flags_and_keywords_are_taken_each_once() -> None:
    edit = flag_edit(["seen", "$Forwarded", "seen", "$forwarded"], ["flagged"], "/flags")
    assert edit == FlagEdit(("seen", "$Forwarded"), ("flagged",))


@pytest.mark.parametrize("flag", ["", "\\Seen", "Seen", "a b", "x\r\nA1 NOOP", "é", "a" * (KEYWORD_CHARS + 1), "a\0"])
def test_what_is_no_flag_is_pointed_at(flag: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        flag_edit(["seen"], ["answered", flag], "/flags")
    assert [problem.pointer for problem in refused.value.problems] == ["/flags/remove/1"]


@given(st.text())
def test_a_keyword_never_leaves_its_atom(flag: str) -> None:
    try:
        (taken,) = flag_edit([flag], [], "").add
    except InvalidRequest:
        return
    assert taken == flag
    assert not set(flag) & set(ATOM_SPECIALS)
    assert all("\x21" <= character <= "\x7e" for character in flag)
    assert 0 < len(flag) <= KEYWORD_CHARS


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=ATOM_SPECIALS), min_size=1))
def test_every_atom_is_a_keyword(flag: str) -> None:
    if len(flag) <= KEYWORD_CHARS and flag.lower() not in {"seen", "flagged", "answered", "draft", "deleted"}:
        assert flag_edit([flag], [], "").add == (flag,)


def test_a_contradiction_is_pointed_at_from_both_ends() -> None:
    with pytest.raises(InvalidRequest) as refused:
        flag_edit(["seen", "$Label1"], ["$label1"], "/action")
    assert [problem.pointer for problem in refused.value.problems] == ["/action/add/1", "/action/remove/0"]


def test_nothing_to_change_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        flag_edit([], [], "/flags")
    assert check_flags([], "/flags") == ()


def test_very_many_flags_are_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        flag_edit([f"k{number}" for number in range(FLAGS_AT_ONCE + 1)], [], "/flags")
    assert refused.value.problems[0].pointer == "/flags/add"


@pytest.mark.parametrize("value", ["", "x" * (MUTATION_ID_CHARS + 1), "a\nb", "é"])
def test_a_mutation_id_is_printable_and_bounded(value: str) -> None:
    with pytest.raises(InvalidRequest):
        check_mutation_id(value)


def test_a_mutation_id_is_the_callers_own() -> None:
    check_mutation_id(None)
    check_mutation_id("web 7f3a/12")
