"""One grammar of search for every backend: read, written, brought to a mailbox, and what it means (docs/search.md)."""

from app.domain.search.evaluate import SearchableMessage, can_judge_row, fold, matches
from app.domain.search.normal import normal
from app.domain.search.parser import parse
from app.domain.search.printer import to_text
from app.domain.search.settle import named, replaced, settle
from app.domain.search.terms import (
    Age,
    And,
    Everything,
    HasAttachment,
    In,
    Is,
    Keyword,
    Leaf,
    Not,
    Nothing,
    Or,
    Received,
    Size,
    State,
    Term,
    Text,
    TextField,
    every,
    leaves,
    some,
)

__all__ = [
    "Age",
    "And",
    "Everything",
    "HasAttachment",
    "In",
    "Is",
    "Keyword",
    "Leaf",
    "Not",
    "Nothing",
    "Or",
    "Received",
    "SearchableMessage",
    "Size",
    "State",
    "Term",
    "Text",
    "TextField",
    "can_judge_row",
    "every",
    "fold",
    "leaves",
    "matches",
    "named",
    "normal",
    "parse",
    "replaced",
    "settle",
    "some",
    "to_text",
]
