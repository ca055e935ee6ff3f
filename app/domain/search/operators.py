"""The operators of a query: what each value means, read strictly and written in one way."""

import re
from collections.abc import Callable
from datetime import date
from typing import Literal, cast

from app.domain.search.limits import FIRST_YEAR, LAST_YEAR, MAX_AGE, MAX_SIZE, MAX_TEXT
from app.domain.search.terms import (
    Age,
    HasAttachment,
    In,
    Is,
    Keyword,
    Leaf,
    Received,
    Size,
    State,
    Text,
    TextField,
)

_Unit = Literal["d", "w", "m", "y"]

_SIZE = re.compile(r"([0-9]{1,10})([kmg]?)b?", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_DAY = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})", re.ASCII)
_AGE = re.compile(r"([0-9]{1,4})([dwmy])", re.IGNORECASE | re.ASCII)

#: flag-keyword of RFC 9051 section 9: an atom. It goes to the wire unquoted, so nothing else may pass.
_KEYWORD = re.compile(r"[!#$&'+,./0-9:;<=>?@A-Z^_`a-z|~-]{1,100}", re.ASCII)

#: Other words that people try for the same.
_STATES = {state.value: state for state in State} | {
    "seen": State.READ,
    "unseen": State.UNREAD,
    "starred": State.FLAGGED,
    "replied": State.ANSWERED,
}


class BadValue(ValueError):
    """A value that its operator does not take: a stable code and what it would take."""

    def __init__(self, code: str, detail: str) -> None:
        """Take the code and the sentence."""
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _text(field: TextField) -> Callable[[str], Leaf]:
    def read(value: str) -> Leaf:
        if not value.strip():
            raise BadValue("empty_value", "There is no text to look for.")
        if len(value) > MAX_TEXT:
            raise BadValue("text_too_long", f"A text may have {MAX_TEXT} characters.")
        return Text(field, value)

    return read


def _has(value: str) -> Leaf:
    if value.lower() != "attachment":
        raise BadValue("bad_value", "`has:` takes `attachment` alone.")
    return HasAttachment()


def _is(value: str) -> Leaf:
    state = _STATES.get(value.lower())
    if state is None:
        raise BadValue("bad_value", f"`is:` takes one of {', '.join(state.value for state in State)}.")
    return Is(state)


def _keyword(value: str) -> Leaf:
    if not _KEYWORD.fullmatch(value):
        raise BadValue("bad_keyword", "A keyword has letters, digits and few signs, and 100 characters at most.")
    return Keyword(value)


def _size(relation: Literal["larger", "smaller"]) -> Callable[[str], Leaf]:
    def read(value: str) -> Leaf:
        found = _SIZE.fullmatch(value)
        octets = int(found[1]) * _UNITS[found[2].lower()] if found else MAX_SIZE + 1
        if octets > MAX_SIZE:
            raise BadValue("bad_size", "A size is a number of bytes, or one with K, M or G, under 4G.")
        return Size(relation, octets)

    return read


def _received(relation: Literal["before", "after"]) -> Callable[[str], Leaf]:
    def read(value: str) -> Leaf:
        found = _DAY.fullmatch(value)
        try:
            day = date(int(found[1]), int(found[3]), int(found[4])) if found else None
        except ValueError:
            day = None
        if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise BadValue("bad_date", f"A date is like 2026-11-24, from {FIRST_YEAR} to {LAST_YEAR}.")
        return Received(relation, day)

    return read


def _age(relation: Literal["older", "newer"]) -> Callable[[str], Leaf]:
    def read(value: str) -> Leaf:
        found = _AGE.fullmatch(value)
        if found is None or not int(found[1]):
            raise BadValue("bad_age", f"An age is like 7d, 2w, 3m or 1y, up to {MAX_AGE} of one.")
        return Age(relation, int(found[1]), cast("_Unit", found[2].lower()))

    return read


def _in(value: str) -> Leaf:
    if not value.strip():
        raise BadValue("empty_value", "`in:` takes a role, an id or a name.")
    if len(value) > MAX_TEXT:
        raise BadValue("text_too_long", f"A name may have {MAX_TEXT} characters.")
    return In(value)


#: By name, as it is written before the colon.
OPERATORS: dict[str, Callable[[str], Leaf]] = {
    **{field.value: _text(field) for field in TextField},
    "has": _has,
    "is": _is,
    "larger": _size("larger"),
    "smaller": _size("smaller"),
    "before": _received("before"),
    "after": _received("after"),
    "older_than": _age("older"),
    "newer_than": _age("newer"),
    "in": _in,
    "keyword": _keyword,
}


def write(leaf: Leaf) -> tuple[str, str]:
    """Tell a leaf's operator, "" for a bare text, and its value."""
    match leaf:
        case Text(TextField.TEXT, value):
            return "", value
        case Text(field, value):
            return field.value, value
        case HasAttachment():
            return "has", "attachment"
        case Is(state):
            return "is", state.value
        case Keyword(name):
            return "keyword", name
        case Size(relation, octets):
            return relation, _write_size(octets)
        case Received(relation, day):
            return relation, day.isoformat()
        case Age(relation, amount, unit):
            return f"{relation}_than", f"{amount}{unit}"
        case In(mailbox):
            return "in", mailbox


def _write_size(octets: int) -> str:
    for unit in ("g", "m", "k"):
        if octets and octets % _UNITS[unit] == 0:
            return f"{octets // _UNITS[unit]}{unit.upper()}"
    return str(octets)
