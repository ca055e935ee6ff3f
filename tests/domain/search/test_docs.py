"""The guide of search says what is so."""

import re

import pytest

from app.domain.search import leaves, parse, to_text
from app.domain.search.limits import MAX_DEPTH, MAX_QUERY, MAX_TERMS
from app.domain.search.operators import OPERATORS
from app.gateway.limits import SCANNED_ROWS
from tests.contracts.repository import ROOT

GUIDE = (ROOT / "docs" / "search.md").read_text("utf-8")
EXAMPLES = re.findall(r"^\| `([^`]+)` \|", GUIDE, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_term_of_the_table_is_one(example: str) -> None:
    term = parse(example)
    assert list(leaves(term))
    assert parse(to_text(term)) == term


def test_every_operator_is_in_the_table() -> None:
    shown = {example.lstrip("-(").partition(":")[0] for example in EXAMPLES if ":" in example}
    assert shown - {'subject:"re'} >= set(OPERATORS)


def test_the_bounds_are_those_of_the_code() -> None:
    assert f"{MAX_QUERY:,} characters, {MAX_TERMS} terms and {MAX_DEPTH} levels" in GUIDE
    assert f"at most {SCANNED_ROWS} a page" in GUIDE
