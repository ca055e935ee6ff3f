"""A query brought to one day and one mailbox."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.search import Age, And, Everything, In, Not, Nothing, Or, Term, leaves, named, parse, replaced, settle
from app.domain.search.settle import days_ago
from tests.support.searches import all_leaves, trees

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("amount", "unit", "day"),
    [
        (7, "d", date(2026, 3, 24)),
        (2, "w", date(2026, 3, 17)),
        (1, "m", date(2026, 2, 28)),
        (3, "m", date(2025, 12, 31)),
        (1, "y", date(2025, 3, 31)),
        (9999, "y", date(1970, 1, 1)),
        (9999, "m", date(1970, 1, 1)),
        (9999, "w", date(1970, 1, 1)),
    ],
)
def test_days_are_counted_back_by_the_calendar(amount: int, unit: str, day: date) -> None:
    assert days_ago(TODAY, amount, unit) == day


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("older_than:7d", "before:2026-03-24"),
        ("newer_than:7d", "after:2026-03-24"),
        ("a in:here", "a"),
        ("a -in:there", "a"),
        ("in:here", ""),
        ("(a in:there) OR (b in:here)", "b"),
        ("in:here OR a", ""),
        ("-(in:there OR a)", "-a"),
        ("--(a b)", "a b"),
    ],
)
def test_ages_become_days_and_mailboxes_go(text: str, settled: str) -> None:
    assert settle(parse(text), TODAY, "here".__eq__) == parse(settled)


def test_what_no_message_of_the_mailbox_can_answer_is_nothing() -> None:
    assert settle(parse("a in:there"), TODAY, "here".__eq__) == Nothing()
    assert settle(parse("-in:here"), TODAY, "here".__eq__) == Nothing()


@given(trees(all_leaves), st.booleans())
def test_nothing_is_left_to_settle(term: Term, is_in: bool) -> None:
    settled = settle(term, TODAY, lambda _: is_in)
    assert not any(isinstance(leaf, Age | In) for leaf in leaves(settled))
    inner = [settled.term] if isinstance(settled, Not) else list(getattr(settled, "terms", ()))
    while inner:
        one = inner.pop()
        assert not isinstance(one, Everything | Nothing)
        inner.extend([one.term] if isinstance(one, Not) else getattr(one, "terms", ()))


def test_only_what_is_asked_for_is_named() -> None:
    assert named(parse("in:a (x OR in:b) -in:c -(in:d -in:e)")) == {"a", "b", "e"}


def test_what_is_known_is_put_in_place() -> None:
    a, b = parse("a"), parse("b")
    assert replaced(parse("a OR b"), {a: False}) == b
    assert replaced(parse("-a b"), {a: False}) == b
    assert replaced(parse("a b"), {a: False}) == Nothing()
    assert replaced(And((a, Or((a, b)))), {a: True}) == Everything()
