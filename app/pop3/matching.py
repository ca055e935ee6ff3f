"""Which message of a listing is which known one: pure, and without more headers than are needed.

Strong identity is a UIDL that appears once in the listing. Everything else is weak: it is told by its fingerprint, a
hash of the header fields that nobody rewrites. Where sizes and order are as before, nothing is asked.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.ids import Uid
from app.domain.maildrop import KnownMessage
from app.mime.headers import raw_fields

_IDENTIFYING = ("message-id", "date", "from", "to", "subject")


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of UIDL and of LIST put together; `uidl` None when it is missing, `size` 0 when LIST did not tell."""

    number: int
    uidl: str | None
    size: int


@dataclass(slots=True)
class Match:
    """Known messages by number, and the numbers that nobody knows, in order of the listing.

    `unsure` are numbers whose header has to be read before they are called known or new; `candidates` are the known
    messages they may be.
    """

    numbers: dict[int, KnownMessage] = field(default_factory=dict)
    new: list[Listed] = field(default_factory=list)
    unsure: list[Listed] = field(default_factory=list)
    candidates: list[KnownMessage] = field(default_factory=list)
    is_weak: bool = False


def fingerprint(header: bytes) -> str:
    """Hash what identifies a message in its header; trace and status fields, which change with time, are left out."""
    found: dict[str, bytes] = {}
    for name, value in raw_fields(header):
        if (low := name.lower()) in _IDENTIFYING:
            found.setdefault(low, b" ".join(value.split()))
    text = b"\n".join(name.encode() + b":" + found.get(name, b"") for name in _IDENTIFYING)
    return hashlib.sha256(text).hexdigest()[:32]


def match(listed: Sequence[Listed], known: Sequence[KnownMessage]) -> Match:
    """Match a whole listing.

    What no UIDL tells is unsure while known messages are missing: the server may have given them new ones, and since a
    new message's header is read anyway, comparing costs nothing.
    """
    result = Match()
    counts = Counter(one.uidl for one in listed if one.uidl is not None)
    by_uidl = _unique(known)
    strong = [one for one in listed if one.uidl is not None and counts[one.uidl] == 1]
    weak = [one for one in listed if one.uidl is None or counts[one.uidl] > 1]
    result.is_weak = bool(weak)
    for one in strong:
        found = by_uidl.get(one.uidl or "")
        if found is not None:
            result.numbers[one.number] = found
        else:
            result.new.append(one)
    left = _without(known, result)
    if weak:
        _match_weak(
            result, weak, [one for one in left if by_uidl.get(one.uidl or "") is not one or counts[one.uidl or ""]]
        )
        left = _without(left, result)
    if left:
        result.unsure = sorted((*result.unsure, *result.new), key=lambda one: one.number)
        result.new = []
    result.candidates = left
    return result


def settle(result: Match, fingerprints: Mapping[int, str]) -> None:
    """Decide the unsure ones whose fingerprint has been read: the first candidate with it, each once; else new."""
    waiting: dict[str, list[KnownMessage]] = {}
    for candidate in result.candidates:
        waiting.setdefault(candidate.fingerprint, []).append(candidate)
    unread: list[Listed] = []
    for one in result.unsure:
        read = fingerprints.get(one.number)
        if read is None:
            unread.append(one)
            continue
        same = waiting.get(read)
        if same:
            result.numbers[one.number] = same.pop(0)
        else:
            result.new.append(one)
    result.candidates = _without(result.candidates, result)
    result.unsure = unread
    result.new.sort(key=lambda one: one.number)


def _match_weak(result: Match, weak: Sequence[Listed], known: Sequence[KnownMessage]) -> None:
    """Match by order while sizes agree; from the first difference on, headers have to be read."""
    ordered = sorted(known, key=lambda one: one.uid)
    for place, one in enumerate(weak):
        if place >= len(ordered) or ordered[place].size != one.size:
            result.unsure += weak[place:]
            return
        result.numbers[one.number] = ordered[place]


def _without(known: Sequence[KnownMessage], result: Match) -> list[KnownMessage]:
    taken = {found.uid for found in result.numbers.values()}
    return [one for one in known if one.uid not in taken]


def _unique(known: Sequence[KnownMessage]) -> dict[str, KnownMessage]:
    counts = Counter(one.uidl for one in known if one.uidl is not None)
    return {one.uidl: one for one in known if one.uidl is not None and counts[one.uidl] == 1}


def numbers_of(result: Match) -> dict[Uid, int]:
    """Turn the match around: where each known message is in this session."""
    return {found.uid: number for number, found in result.numbers.items()}
