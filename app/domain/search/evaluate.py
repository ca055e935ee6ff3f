"""Whether a message is one that a query asks for: the meaning of the grammar, to which mail servers are held in tests,
and what the service itself goes by where a server cannot run a term.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from app.domain.message import Address, SummaryFacts
from app.domain.search.terms import (
    And,
    Everything,
    HasAttachment,
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
)

_FLAGS = {State.READ: "seen", State.FLAGGED: "flagged", State.ANSWERED: "answered", State.DRAFT: "draft"}


@dataclass(frozen=True, slots=True)
class SearchableMessage:
    """What a query can ask of a message; None is not known.

    `received` is ISO 8601 with the offset of the mail server's clock, `flags` are in our words, `headers` is the header
    decoded and unfolded, `body` the text of all text parts.
    """

    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    size: int
    received: str | None
    flags: tuple[str, ...]
    has_attachments: bool
    headers: str | None = None
    body: str | None = None

    @classmethod
    def of(cls, facts: SummaryFacts, flags: tuple[str, ...]) -> "SearchableMessage":
        """Take a list row: all but headers and body."""
        return cls(
            facts.from_,
            facts.to,
            facts.cc,
            facts.subject,
            facts.size,
            facts.received,
            flags,
            any(not item.is_inline for item in facts.attachments),
        )


def can_judge_row(leaf: Leaf) -> bool:
    """Whether a list row is enough to tell if the leaf holds."""
    return not (isinstance(leaf, Text) and leaf.field in {TextField.BODY, TextField.TEXT})


def matches(term: Term, message: SearchableMessage) -> bool:
    """Whether a settled term holds of a message. Raises ValueError where what it asks for is not known."""
    match term:
        case Everything():
            return True
        case Nothing():
            return False
        case Not(inner):
            return not matches(inner, message)
        case And(terms):
            return all(matches(one, message) for one in terms)
        case Or(terms):
            return any(matches(one, message) for one in terms)
        case _:
            return _leaf_matches(term, message)


def _leaf_matches(leaf: Leaf, message: SearchableMessage) -> bool:
    match leaf:
        case Text(field, value):
            needle = fold(value)
            return any(needle in fold(text) for text in _texts(field, message))
        case HasAttachment():
            return message.has_attachments
        case Is(State.UNREAD):
            return "seen" not in message.flags
        case Is(state):
            return _FLAGS[state] in message.flags
        case Keyword(name):
            return name.lower() in {flag.lower() for flag in message.flags}
        case Size(relation, octets):
            return message.size > octets if relation == "larger" else message.size < octets
        case Received(relation, day):
            if message.received is None:
                return False
            is_before = message.received[:10] < day.isoformat()
            return is_before if relation == "before" else not is_before
        case _:
            raise ValueError("this term has to be settled first")


def _texts(field: TextField, message: SearchableMessage) -> tuple[str, ...]:
    match field:
        case TextField.FROM:
            return _addresses(message.from_)
        case TextField.TO:
            return _addresses(message.to)
        case TextField.CC:
            return _addresses(message.cc)
        case TextField.SUBJECT:
            return (message.subject,)
        case TextField.BODY:
            return (_known(message.body),)
        case TextField.TEXT:
            return (_known(message.headers), _known(message.body))


def _known(text: str | None) -> str:
    if text is None:
        raise ValueError("the text of the message is not known")
    return text


def _addresses(addresses: tuple[Address, ...]) -> tuple[str, ...]:
    """Write each as a header does, so that a text may lie across name and address."""
    return tuple([f"{one.name} <{one.email or ''}>" if one.name else one.email or "" for one in addresses])


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Make texts equal that differ in case alone: i;unicode-casemap (RFC 5051 section 2), which IMAP servers use.

    Each character in title case, then decomposed; so an `a` also finds `ä`.
    """
    if text.isascii():
        return text.upper()
    return "".join([unicodedata.normalize("NFKD", _title(sign)) for sign in text])


def _title(sign: str) -> str:
    title = sign.title()
    return title if len(title) == 1 else sign  # simple case mappings alone: one character for one
