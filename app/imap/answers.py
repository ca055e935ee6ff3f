"""The numbers that a flush brought for a search, a sort or a threading."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from app.domain.errors import UpstreamProtocolError
from app.imap.limits import MAX_MATCHES
from app.imap.selection import Selection
from app.imap.wire.commands import Argument, Command, command
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.responses import Untagged
from app.imap.wire.search_results import ascending, read_numbers, read_set, read_threads

_T = TypeVar("_T")

#: Arrivals of which a server may tell after its answer has them already.
_LATE = 1_000


class Answers:
    """Takes SEARCH, ESEARCH, SORT and THREAD while a flush runs, and reads them afterwards.

    No more numbers are believed than there were messages: a server could name four thousand million. All that read
    raise UpstreamProtocolError.
    """

    def __init__(self, selection: Selection) -> None:
        """Take the selection that hears of the mailbox."""
        self._selection = selection
        self._by_kind: dict[bytes, list[Untagged]] = {b"SEARCH": [], b"ESEARCH": [], b"SORT": [], b"THREAD": []}
        self._messages = 0
        self._look()

    def take(self, untagged: Untagged) -> None:
        """Take an answer; all else is ignored."""
        self._look()
        if untagged.kind in self._by_kind:
            self._by_kind[untagged.kind].append(untagged)

    def found(self) -> Sequence[int]:
        """The UIDs of a search, ascending, each once."""
        sets = self._by_kind[b"ESEARCH"]
        if sets:
            return self._read(lambda most: ascending(read_set(sets, most)))
        # Some servers announce ESEARCH and answer as if they did not know it.
        return self._read(lambda most: ascending(read_numbers(self._by_kind[b"SEARCH"], most)))

    def sorted(self) -> Sequence[int]:
        """The UIDs of a sort, in its order."""
        return self._read(lambda most: read_numbers(self._by_kind[b"SORT"], most))

    def threads(self) -> list[list[int]]:
        """The members of each thread."""
        return self._read(lambda most: read_threads(self._by_kind[b"THREAD"], most))

    def _look(self) -> None:
        view = self._selection.view
        if view is not None:
            self._messages = max(self._messages, view.exists)

    def _read(self, read: Callable[[int], _T]) -> _T:
        self._look()
        try:
            return read(min(self._messages + _LATE, MAX_MATCHES))
        except MalformedResponse:
            raise UpstreamProtocolError("The mail server's answer to a search makes no sense.") from None


def search(selection: Selection, keys: Argument, *, is_ascii: bool = True) -> Command:
    """Write UID SEARCH in the way that the server answers shortest."""
    options = ["RETURN (ALL)"] if selection.features.has_esearch else []
    charsets = [] if is_ascii else ["CHARSET UTF-8"]
    return command("UID SEARCH", *options, *charsets, keys, expects=["SEARCH", "ESEARCH"])
