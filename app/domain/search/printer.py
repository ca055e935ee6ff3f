"""Writes a query in one way: reading what was written gives the same tree."""

from app.domain.search.operators import write
from app.domain.search.terms import And, Everything, Leaf, Not, Nothing, Or, Term


def to_text(term: Term) -> str:
    """Write a tree that was parsed. Raises ValueError for `Nothing`, which nobody can write."""
    if isinstance(term, Everything):
        return ""
    if isinstance(term, And):
        return " ".join([_nested(one) for one in term.terms])
    if isinstance(term, Or):
        return " OR ".join([_nested(one) for one in term.terms])
    return _nested(term)


def _nested(term: Term) -> str:
    match term:
        case And() | Or():
            return f"({to_text(term)})"
        case Not(inner):
            return f"-{_nested(inner)}"
        case Everything() | Nothing():
            raise ValueError("this cannot be written within a query")
        case _:
            return _leaf(term)


def _leaf(leaf: Leaf) -> str:
    operator, value = write(leaf)
    if operator:
        return f"{operator}:{value if _is_plain(value) else _quoted(value)}"
    is_word = _is_plain(value) and ":" not in value and value[0] != "-" and value != "OR"
    return value if is_word else _quoted(value)


def _is_plain(value: str) -> bool:
    return bool(value) and not any(sign.isspace() or sign in '()"' for sign in value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
