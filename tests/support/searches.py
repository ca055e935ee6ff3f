"""Queries as Hypothesis makes them: any tree of the grammar, in the form that parsing gives."""

from datetime import date

from hypothesis import strategies as st

from app.domain.search import (
    Age,
    HasAttachment,
    In,
    Is,
    Keyword,
    Leaf,
    Not,
    Received,
    Size,
    State,
    Term,
    Text,
    TextField,
    every,
    some,
)

#: Any text that may be looked for.
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(lambda one: one.strip())
keywords = st.text("abcXYZ019$_-./:", min_size=1, max_size=12)
days = st.dates(date(1970, 1, 1), date(2199, 12, 31))

#: Every kind of leaf.
all_leaves: st.SearchStrategy[Leaf] = st.one_of(
    st.builds(Text, st.sampled_from(TextField), texts),
    st.just(HasAttachment()),
    st.builds(Is, st.sampled_from(State)),
    st.builds(Keyword, keywords),
    st.builds(Size, st.sampled_from(("larger", "smaller")), st.integers(0, 0xFFFFFFFF)),
    st.builds(Received, st.sampled_from(("before", "after")), days),
    st.builds(Age, st.sampled_from(("older", "newer")), st.integers(1, 9999), st.sampled_from("dwmy")),
    st.builds(In, texts),
)


def trees(leaves: st.SearchStrategy[Leaf], most: int = 12) -> st.SearchStrategy[Term]:
    """Trees of these leaves, not deeper than the bounds of the grammar for so few."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, min_size=2, max_size=3).map(lambda terms: every(*terms)),
            st.lists(inner, min_size=2, max_size=3).map(lambda terms: some(*terms)),
        ),
        max_leaves=most,
    )


def depth(term: Term) -> int:
    """How many levels a tree has when it is written."""
    inner = (term.term,) if isinstance(term, Not) else getattr(term, "terms", ())
    return 1 + max(map(depth, inner)) if inner else 0
