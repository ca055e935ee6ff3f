"""Response codes that name messages by UID: COPYUID and APPENDUID (RFC 4315 section 3), MODIFIED (RFC 7162)."""

import re
from collections.abc import Collection, Container, Iterable, Iterator

from app.domain.ids import Uid
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.responses import Code
from app.imap.wire.uid_sets import parse_set, within

_COPY = re.compile(rb"([0-9]{1,10}) ([0-9:,]+) ([0-9:,]+)")
_APPEND = re.compile(rb"([0-9]{1,10}) ([0-9]{1,10})")
_LARGEST = 0xFFFFFFFF


def copied_uids(code: Code | None, wanted: Container[int], most: int) -> tuple[int, dict[Uid, Uid]] | None:
    """Read COPYUID: the UIDVALIDITY of the target, and the new UID of each message; None for what cannot be trusted.

    Both sets have the same order, and ranges may run downwards in neither (RFC 9051 section 7.1 says so of COPYUID;
    RFC 4315 let `3:1` mean `1:3`, as it means everywhere). Of different lengths, or with more than `most` messages or
    one that is not `wanted`, nothing of it is believed.
    """
    found = _COPY.fullmatch(code.arguments) if code is not None and code.name == b"COPYUID" else None
    uidvalidity = int(found.group(1)) if found is not None else 0
    if found is None or not 0 < uidvalidity <= _LARGEST:
        return None
    try:
        sources, targets = parse_set(found.group(2)), parse_set(found.group(3))
    except MalformedResponse:
        return None
    if _count(sources) != _count(targets) or _count(sources) > most:
        return None
    pairs = {Uid(old): Uid(new) for old, new in zip(_numbers(sources), _numbers(targets), strict=True)}
    if len(pairs) != _count(sources) or not all(old in wanted for old in pairs):
        return None
    return uidvalidity, pairs


def appended_uid(code: Code | None) -> tuple[int, Uid] | None:
    """Read APPENDUID: the UIDVALIDITY of the mailbox and the UID of the new message; None when there is none."""
    found = _APPEND.fullmatch(code.arguments) if code is not None and code.name == b"APPENDUID" else None
    if found is None:
        return None
    uidvalidity, uid = int(found.group(1)), int(found.group(2))
    return (uidvalidity, Uid(uid)) if 0 < uidvalidity <= _LARGEST and 0 < uid <= _LARGEST else None


def modified_uids(code: Code | None, wanted: Collection[Uid]) -> set[Uid]:
    """Read MODIFIED: which of the wanted messages were left alone; all of them when it cannot be read."""
    if code is None or code.name != b"MODIFIED":
        return set()
    try:
        ranges = parse_set(code.arguments)
    except MalformedResponse:
        return set(wanted)
    return within(wanted, ranges)


def _count(ranges: Iterable[tuple[int, int]]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _numbers(ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)
