"""Numbers that answer a search, a sort or a threading, read in bulk: a mailbox has tens of thousands.

All raise MalformedResponse for what is no such answer, and for more numbers than `most`.
"""

import re
from array import array
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import lt

from app.imap.wire.errors import MalformedResponse
from app.imap.wire.responses import Untagged

_LARGEST = 0xFFFFFFFF
_NUMBERS = b"0123456789 "
_SET = b"0123456789:,"
_THREADS = b"0123456789 ()"
#: search-correlator, then UID, then what was asked for (RFC 9051 section 7.3.4).
_CORRELATED = re.compile(rb'(?:\(TAG "?[^")]*"?\) ?)?(UID(?: |\Z))?', re.IGNORECASE)
_ALL = re.compile(rb"(?:\A| )ALL ([0-9:,]+)(?: |\Z)", re.IGNORECASE)
_MARK = re.compile(rb"[()]|[0-9]+")


def read_numbers(answers: Iterable[Untagged], most: int) -> "array[int]":
    """Read SEARCH or SORT answers (RFC 3501 section 7.2.5, RFC 5256 section 4), in their order, each number once."""
    found = array("I")
    for untagged in answers:
        text = _text(untagged).partition(b"(")[0]  # (MODSEQ …), which nobody asked for
        if text.count(b" ") + len(found) > most + 1 or text.translate(None, _NUMBERS):
            raise MalformedResponse("not the numbers that were asked for")
        found.extend(_numbers(text.split()))
    return _checked(found, most)


def read_set(answers: Iterable[Untagged], most: int) -> "array[int]":
    """Read ESEARCH answers with ALL (RFC 4731 section 3.1)."""
    found = array("I")
    for untagged in answers:
        text = _text(untagged)
        head = _CORRELATED.match(text)
        listed = _ALL.search(text[head.end() :] if head else text)
        if listed is None:
            continue
        if head is None or head.group(1) is None:
            raise MalformedResponse("numbers that are no UIDs")
        _expand(listed.group(1), found, most)
    return _checked(found, most)


def ascending(numbers: "array[int]") -> Sequence[int]:
    """Return the numbers in order; most servers give them so."""
    return numbers if _is_rising(numbers) else array("I", sorted(numbers))


def _is_rising(numbers: "array[int]") -> bool:
    return all(map(lt, numbers, islice(numbers, 1, None)))


def read_threads(answers: Iterable[Untagged], most: int) -> list[list[int]]:
    """Read THREAD answers (RFC 5256 section 4) as the members of each thread, whatever their order under each other.

    Iterative: a thread may be nested as deep as it is long.
    """
    threads: list[list[int]] = []
    left = most
    for untagged in answers:
        text = _text(untagged)
        if text.translate(None, _THREADS):
            raise MalformedResponse("not threads")
        depth = 0
        for mark in _MARK.findall(text):
            if mark == b"(":
                if depth == 0:
                    threads.append([])
                depth += 1
            elif mark == b")":
                depth -= 1
                if depth < 0:
                    raise MalformedResponse("a parenthesis was never opened")
            else:
                left -= 1
                if left < 0 or depth == 0:
                    raise MalformedResponse("not the threads that were asked for")
                threads[-1].extend(_numbers([mark]))
        if depth:
            raise MalformedResponse("a parenthesis is not closed")
    flat = array("I", [uid for thread in threads for uid in thread])
    if len(_checked(flat, most)) != len(flat):
        raise MalformedResponse("a message in two threads")
    return [thread for thread in threads if thread]


def _text(untagged: Untagged) -> bytes:
    if len(untagged.rest) != 1:
        raise MalformedResponse("a literal among numbers")
    return untagged.rest[0]


def _numbers(parts: Iterable[bytes]) -> "array[int]":
    try:
        return array("I", map(int, parts))
    except (ValueError, OverflowError):
        raise MalformedResponse("a number over 2**32-1") from None


def _expand(text: bytes, found: "array[int]", most: int) -> None:
    if text.count(b",") >= most or text.translate(None, _SET):
        raise MalformedResponse("not the numbers that were asked for")
    for part in text.split(b","):
        first, _, last = part.partition(b":")
        ends = _numbers((first, last or first))
        low, high = min(ends), max(ends)
        if len(found) + high - low + 1 > most:
            raise MalformedResponse("more numbers than messages")
        found.extend(range(low, high + 1))


def _checked(found: "array[int]", most: int) -> "array[int]":
    """See that there are no more than messages, and leave one of each; the usual answer is looked at once."""
    if not _is_rising(found):
        found = array("I", dict.fromkeys(found))
    if len(found) > most or 0 in found:
        raise MalformedResponse("more numbers than messages, or one that no message has")
    return found
