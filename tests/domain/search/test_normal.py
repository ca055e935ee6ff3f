"""The form in which a query is sent means what the query means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.search import Not, Size, Term, matches, normal, parse, to_text
from tests.support.searchable_mail import known_leaves, known_messages
from tests.support.searches import trees

MESSAGES = [one.facts for one in known_messages()]


@given(trees(known_leaves))
def test_it_means_the_same(term: Term) -> None:
    form = normal(term)
    assert [matches(form, one) for one in MESSAGES] == [matches(term, one) for one in MESSAGES]
    assert normal(form) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("-(larger:300 larger:303)", "smaller:304"),
        ("larger:300 larger:303 a", "larger:303 a"),
        ("larger:300 OR larger:303", "larger:300"),
        ("smaller:5 smaller:9", "smaller:5"),
        ("before:2026-01-02 before:2026-02-02", "before:2026-01-02"),
        ("after:2026-01-02 OR after:2026-02-02", "after:2026-01-02"),
        ("-before:2026-01-02", "after:2026-01-02"),
        ("-(a OR -b)", "-a b"),
        ("a a", "a"),
        ("--a", "a"),
    ],
)
def test_bounds_of_a_kind_become_one(text: str, form: str) -> None:
    assert to_text(normal(parse(text))) == form


def test_the_largest_size_has_no_next() -> None:
    assert normal(parse("-larger:4294967295")) == Not(Size("larger", 4294967295))


@given(st.sampled_from(("larger", "smaller")), st.integers(0, 3))
def test_the_smallest_sizes_turn_round(relation: str, octets: int) -> None:
    term = parse(f"-{relation}:{octets}")
    for one in MESSAGES[:3]:
        assert matches(normal(term), one) == matches(term, one)
