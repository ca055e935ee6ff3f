"""Which messages of a set are there (RFC 9051 section 6.4.4): one line of answer, however many there are."""

from collections.abc import Collection, Sequence

from app.domain.ids import Uid
from app.imap.selection import Selection
from app.imap.sending import Sent, send
from app.imap.wire.commands import Command, command
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.fetch import as_number
from app.imap.wire.responses import Untagged, tokens_or_none
from app.imap.wire.uid_sets import format_set, parse_set, within

#: What a search is answered with; IMAP4rev2 knows the second alone (RFC 9051 section 7.3.4).
ANSWERS = ("SEARCH", "ESEARCH")


def search_for(uids: Sequence[Uid]) -> Command:
    """Ask which of these messages are there."""
    return command("UID SEARCH", f"UID {format_set(uids)}", expects=ANSWERS)


def is_answer(untagged: Untagged) -> bool:
    """Whether this answers a search."""
    return untagged.kind in {b"SEARCH", b"ESEARCH"}


def read_found(untagged: Untagged, wanted: Collection[Uid]) -> set[Uid]:
    """Read which of the wanted messages a search found; none when it cannot be read."""
    return within(wanted, found_ranges(untagged) or ())


def has_only(untagged: Untagged, wanted: Collection[Uid]) -> bool:
    """Whether a search found no other messages than these, and could be read."""
    ranges = found_ranges(untagged)
    return ranges is not None and sum(last - first + 1 for first, last in ranges) == len(within(wanted, ranges))


def find_present(selection: Selection, sets: Sequence[Sequence[Uid]], deadline: float) -> tuple[Sent, set[Uid]]:
    """Ask by itself which messages of some sets are there."""
    found: set[Uid] = set()
    wanted = {uid for part in sets for uid in part}

    def take(untagged: Untagged) -> None:
        if is_answer(untagged):
            found.update(read_found(untagged, wanted))

    return send(selection, [search_for(part) for part in sets], deadline, take), found


def found_ranges(untagged: Untagged) -> tuple[tuple[int, int], ...] | None:
    """Read the numbers of SEARCH, or ALL of ESEARCH (RFC 4731 section 3.1); None for what makes no sense."""
    tokens = tokens_or_none(untagged)
    if tokens is None:
        return None
    if untagged.kind == b"SEARCH":
        numbers = [as_number(token) for token in tokens if not isinstance(token, list)]  # a list is (MODSEQ 5)
        return None if None in numbers else tuple([(number, number) for number in numbers if number is not None])
    for place, token in enumerate(tokens[:-1]):
        value = tokens[place + 1]
        if isinstance(token, bytes) and token.upper() == b"ALL":
            try:
                return parse_set(value) if isinstance(value, bytes) else None
            except MalformedResponse:
                return None
    return ()
