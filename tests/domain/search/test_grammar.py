"""The grammar of search: what is read, written and refused."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.errors import FieldProblem, InvalidRequest
from app.domain.search import (
    Age,
    And,
    Everything,
    HasAttachment,
    In,
    Is,
    Keyword,
    Not,
    Or,
    Received,
    Size,
    State,
    Term,
    Text,
    TextField,
    leaves,
    parse,
    to_text,
)
from app.domain.search.limits import MAX_DEPTH, MAX_QUERY, MAX_TERMS
from tests.support.searches import all_leaves, depth, trees

A, B, C = (Text(TextField.TEXT, word) for word in "abc")


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("", Everything()),
        (" \t ", Everything()),
        ("invoice", Text(TextField.TEXT, "invoice")),
        ('"annual report"', Text(TextField.TEXT, "annual report")),
        (r'"say \"hi\" \\ now"', Text(TextField.TEXT, r'say "hi" \ now')),
        ("from:ana", Text(TextField.FROM, "ana")),
        ("FROM:Ana", Text(TextField.FROM, "Ana")),
        ('subject:"re: plan"', Text(TextField.SUBJECT, "re: plan")),
        ("subject:re:plan", Text(TextField.SUBJECT, "re:plan")),
        ("text:ä", Text(TextField.TEXT, "ä")),
        ("has:attachment", HasAttachment()),
        ("is:starred", Is(State.FLAGGED)),
        ("is:UNSEEN", Is(State.UNREAD)),
        ("keyword:$Forwarded", Keyword("$Forwarded")),
        ("larger:10M", Size("larger", 10 * 1024 * 1024)),
        ("smaller:500kb", Size("smaller", 500 * 1024)),
        ("larger:1000", Size("larger", 1000)),
        ("before:2026-11-24", Received("before", date(2026, 11, 24))),
        ("after:2026/1/2", Received("after", date(2026, 1, 2))),
        ("older_than:2W", Age("older", 2, "w")),
        ("newer_than:1y", Age("newer", 1, "y")),
        ("in:sent", In("sent")),
        ('in:"Work/2026 (old)"', In("Work/2026 (old)")),
        ("a b c", And((A, B, C))),
        ("a OR b", Or((A, B))),
        ("a b OR c", And((A, Or((B, C))))),
        ("(a b) OR c", Or((And((A, B)), C))),
        ("(a (b c))", And((A, B, C))),
        ("-a", Not(A)),
        ("-(a OR b) c", And((Not(Or((A, B))), C))),
        ("a or b", And((A, Text(TextField.TEXT, "or"), B))),
        ("a - b-c", And((A, Text(TextField.TEXT, "-"), Text(TextField.TEXT, "b-c")))),
        ('a"b c"', And((A, Text(TextField.TEXT, "b c")))),
    ],
)
def test_a_query_is_read(text: str, term: Term) -> None:
    assert parse(text) == term


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("from:", "empty_value", 1),
        ('a from:" "', "empty_value", 3),
        ('""', "empty_value", 1),
        ("form:bob", "unknown_operator", 1),
        ("see http://example.com", "unknown_operator", 5),
        (":x", "unknown_operator", 1),
        ("has:pictures", "bad_value", 1),
        ("is:big", "bad_value", 1),
        ("keyword:a\\b", "bad_keyword", 1),
        ('keyword:"a b"', "bad_keyword", 1),
        ("keyword:\\Seen", "bad_keyword", 1),
        ('keyword:"x)"', "bad_keyword", 1),
        ("larger:big", "bad_size", 1),
        ("larger:4G", "bad_size", 1),
        ("larger:-1", "bad_size", 1),
        ("larger:٣", "bad_size", 1),
        ("before:2026-02-30", "bad_date", 1),
        ("before:2026-11/24", "bad_date", 1),
        ("after:1969-12-31", "bad_date", 1),
        ("after:yesterday", "bad_date", 1),
        ("older_than:7", "bad_age", 1),
        ("older_than:0d", "bad_age", 1),
        ("newer_than:99999d", "bad_age", 1),
        ("in:", "empty_value", 1),
        ('a "b', "open_quote", 3),
        ("(a b", "open_parenthesis", 1),
        ("a )", "unmatched_parenthesis", 3),
        ("()", "term_missing", 2),
        ("a OR", "term_missing", 5),
        ("OR a", "term_missing", 1),
        ("a OR OR b", "term_missing", 6),
        ("-OR", "term_missing", 2),
        ("a\0b", "unreadable_character", 2),
        ("\x7f", "unreadable_character", 1),
        ("\ud800", "unreadable_character", 1),
        ("x" * 321, "text_too_long", 1),
        ("in:" + "x" * 321, "text_too_long", 1),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, code: str, position: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(text)
    (problem,) = refused.value.problems
    assert (problem.pointer, problem.code, problem.position) == ("/query/q", code, position)
    assert f"at character {position} of the query" in problem.detail


def test_a_refusal_never_repeats_the_query() -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse("secretword:x")
    assert "secretword" not in refused.value.detail


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x " * MAX_TERMS + "x", "too_many_terms"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "too_deep"),
        ("-" * (MAX_DEPTH + 1) + "a", "too_deep"),
        ("x" * (MAX_QUERY + 1), "query_too_long"),
        ("(" * MAX_QUERY, "too_deep"),
        ("-" * MAX_QUERY, "too_deep"),
    ],
)
def test_an_absurd_query_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(text)
    assert refused.value.problems[0].code == code


def test_what_is_at_the_bounds_is_read() -> None:
    assert len(list(leaves(parse("x " * (MAX_TERMS - 1) + "x")))) == MAX_TERMS
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A


@given(trees(all_leaves))
def test_what_is_written_is_read_as_the_same(term: Term) -> None:
    text = to_text(term)
    assume(depth(term) <= MAX_DEPTH)
    assume(len(text) <= MAX_QUERY)
    assert parse(text) == term
    assert to_text(parse(text)) == text


@given(st.text(max_size=60) | st.text('ab:-()"\\ ORfromis', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    term: Term | None = None
    problem = FieldProblem("", "", "none", 1)
    try:
        term = parse(text)
    except InvalidRequest as refused:
        (problem,) = refused.problems
    assert problem.code
    assert 1 <= (problem.position or 0) <= len(text) + 1
    assert term is None or parse(to_text(term)) == term
