"""What a search asks, as values: one tree for every backend (docs/search.md).

A tree that was parsed is in one form: no `And` holds an `And`, no `Or` an `Or`, each has two terms at least, and
`Everything` stands alone. `Nothing` comes from `settle` and is never written by a person.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal


class TextField(StrEnum):
    """Where a text is looked for; `text` is the whole message, headers and body."""

    FROM = "from"
    TO = "to"
    CC = "cc"
    SUBJECT = "subject"
    BODY = "body"
    TEXT = "text"


class State(StrEnum):
    """What `is:` asks of a message's flags."""

    UNREAD = "unread"
    READ = "read"
    FLAGGED = "flagged"
    ANSWERED = "answered"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Everything:
    """Every message: the empty query."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No message."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that occurs in a field, in any case of letters."""

    field: TextField
    value: str


@dataclass(frozen=True, slots=True)
class HasAttachment:
    """What a person would call an attachment is there."""


@dataclass(frozen=True, slots=True)
class Is:
    """The flags say so."""

    state: State


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword is set; keywords have no case."""

    name: str


@dataclass(frozen=True, slots=True)
class Size:
    """Larger or smaller than so many bytes, and never equal."""

    relation: Literal["larger", "smaller"]
    octets: int


@dataclass(frozen=True, slots=True)
class Received:
    """Received before a day, or on it or after; the day is that of the mail server's clock."""

    relation: Literal["before", "after"]
    day: date


@dataclass(frozen=True, slots=True)
class Age:
    """Received so many days, weeks, months or years ago: `older` before that day, `newer` on it or after."""

    relation: Literal["older", "newer"]
    amount: int
    unit: Literal["d", "w", "m", "y"]


@dataclass(frozen=True, slots=True)
class In:
    """In a mailbox: a role, an id, a name, or `anywhere`."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Not:
    """The term does not hold."""

    term: "Term"


@dataclass(frozen=True, slots=True)
class And:
    """All terms hold."""

    terms: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One term holds at least."""

    terms: tuple["Term", ...]


Leaf = Text | HasAttachment | Is | Keyword | Size | Received | Age | In
Term = Leaf | Not | And | Or | Everything | Nothing


def every(*terms: Term) -> Term:
    """Join terms of which all must hold, in the one form."""
    flat: list[Term] = []
    for term in terms:
        if isinstance(term, Nothing):
            return term
        if not isinstance(term, Everything):
            flat.extend(term.terms if isinstance(term, And) else (term,))
    return _joined(And, flat, Everything())


def some(*terms: Term) -> Term:
    """Join terms of which one must hold, in the one form."""
    flat: list[Term] = []
    for term in terms:
        if isinstance(term, Everything):
            return term
        if not isinstance(term, Nothing):
            flat.extend(term.terms if isinstance(term, Or) else (term,))
    return _joined(Or, flat, Nothing())


def _joined(kind: type[And] | type[Or], terms: list[Term], empty: Term) -> Term:
    if not terms:
        return empty
    return terms[0] if len(terms) == 1 else kind(tuple(terms))


def leaves(term: Term) -> Iterator[Leaf]:
    """Yield the leaves in the order in which they are written."""
    pending: list[Term] = [term]
    while pending:
        one = pending.pop()
        if isinstance(one, Not):
            pending.append(one.term)
        elif isinstance(one, And | Or):
            pending.extend(reversed(one.terms))
        elif not isinstance(one, Everything | Nothing):
            yield one
