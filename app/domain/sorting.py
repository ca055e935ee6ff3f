"""The order in which the service sorts where a mail server cannot: that of RFC 5256 section 3, by names people see."""

import re
from datetime import datetime

from app.domain.lookup import Sort, SortKey
from app.domain.message import Address, SummaryFacts
from app.domain.search import fold

_REPLY = re.compile(r"(?:re|fwd?) ?(?:\[[^\[\]]*\] ?)?: ?", re.IGNORECASE)
_BLOB = re.compile(r"\[[^\[\]]*\] ?(?=.)")
_TRAILER = re.compile(r"(?: ?\(fwd\))+\Z", re.IGNORECASE)

#: Characters of a subject that are compared: a sender may write a million.
_COMPARED = 500

#: What a message without a readable time counts as: the oldest.
_NO_TIME = float("-inf")


def in_order(messages: list[SummaryFacts], sort: Sort) -> list[SummaryFacts]:
    """Sort messages; those that are equal stay in the order of their UIDs, whatever the direction."""
    by_uid = sorted(messages, key=lambda facts: facts.uid)
    return sorted(by_uid, key=lambda facts: _key(facts, sort.key), reverse=sort.is_descending)


def _key(facts: SummaryFacts, key: SortKey) -> tuple[float, str]:
    match key:
        case SortKey.SIZE:
            return facts.size, ""
        case SortKey.RECEIVED:
            return _seconds(facts.received), ""
        case SortKey.DATE:
            return _seconds(facts.date or facts.received), ""
        case SortKey.SUBJECT:
            return 0, fold(base_subject(facts.subject))
        case SortKey.FROM:
            return 0, fold(_name(facts.from_))


def base_subject(subject: str) -> str:
    """Take `Re:`, `Fwd:` and `[list]` off a subject (RFC 5256 section 2.1)."""
    text = _TRAILER.sub("", " ".join(subject[:_COMPARED].split()))
    start = 0
    while found := _REPLY.match(text, start) or _BLOB.match(text, start):
        start = found.end()
    return text[start:]


def _name(addresses: tuple[Address, ...]) -> str:
    if not addresses:
        return ""
    return addresses[0].name or addresses[0].email or ""


def _seconds(when: str | None) -> float:
    return _NO_TIME if when is None else datetime.fromisoformat(when).timestamp()
