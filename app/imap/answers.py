"""The numbers that a flush brought for a search, a sort or a threading."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from app.domain.errors import UpstreamProtocolError
from app.imap.dialogue import Reply
from app.imap.limits import MAX_MATCHES
from app.imap.selection import Selection, View
from app.imap.wire.commands import Argument, Command, command
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.responses import Untagged
from app.imap.wire.search_results import ascending, read_numbers, read_set, read_threads

_T = TypeVar("_T")

#: Arrivals of which a server may tell after its answer has them already.
_LATE = 1_000


#: What tells that the mailbox is no longer as it was.
_NEWS = frozenset((b"EXISTS", b"EXPUNGE", b"VANISHED", b"FETCH"))


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
        self.has_news = False
        self._look()

    def take(self, untagged: Untagged) -> None:
        """Take an answer, and notice news of the mailbox; all else is ignored."""
        self._look()
        self.has_news = self.has_news or untagged.kind in _NEWS
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


def ask(
    selection: Selection,
    mailbox: str,
    uidvalidity: int | None,
    commands: Sequence[Command],
    deadline: float,
    *,
    is_fresh: bool = False,
) -> tuple[View, Answers, Sequence[Reply]]:
    """Ask about the mailbox as it is now, entering it in the same flush; returns what came, and replies to `commands`.

    In the mailbox already, NOOP goes first, unless `is_fresh`. Dovecot puts off news to the end of a flush and answers
    from before them: when news came, the commands are sent once more.
    """
    entering = selection.enter(mailbox, uidvalidity)
    before = [*entering] if entering or is_fresh or not commands else [command("NOOP", expects=["FETCH"])]
    answers = Answers(selection)
    sent = [*before, *commands]
    replies = selection.run(sent, deadline, answers.take) if sent else []
    view = selection.entered(entering, replies)
    if before and not entering and answers.has_news:
        replies[0].require_ok()
        answers = Answers(selection)
        replies = selection.run(commands, deadline, answers.take)
        return selection.entered([], replies), answers, replies
    return view, answers, replies[len(before) :]
