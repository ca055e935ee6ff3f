"""What the differ asks of a mailbox: which flags changed since a MODSEQ, or all; and which UIDs there are.

The mailbox is entered afresh each time, in the same flush: only then is HIGHESTMODSEQ told, and told before the rows,
so that nothing that happens in between is behind it (RFC 7162 section 3.1.2.1).
"""

from app.domain.changes import Flags
from app.domain.errors import UpstreamProtocolError
from app.domain.flags import from_imap
from app.domain.ids import Uid
from app.domain.looks import FlagRows, MailboxView, UidListing, UidRanges, UidWindow
from app.imap.dialogue import Reply
from app.imap.presence import ANSWERS, found_ranges, is_answer
from app.imap.selection import Selection, View
from app.imap.wire.commands import Command, command
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.fetch import read_fetch
from app.imap.wire.responses import Untagged, tokens_or_none
from app.imap.wire.uid_sets import parse_set

_LARGEST_MODSEQ = 2**63 - 1


def enable_qresync(selection: Selection, deadline: float) -> bool:
    """Have the server name what vanished; tells whether it will. Only before any mailbox is entered (RFC 5161)."""
    if not selection.features.has_qresync or selection.view is not None:
        return False
    said = selection.run([command("ENABLE", "QRESYNC", expects=["ENABLED"])], deadline)[0]
    return said.is_ok


def read_changes(
    selection: Selection, mailbox: str, modseq: int | None, window: UidWindow, deadline: float, *, says_vanished: bool
) -> FlagRows:
    """Read flags of a window, of what changed since `modseq` or of all. See `StateSession.changes_since`."""
    can_tell = modseq is None or selection.features.has_condstore
    taken = _Rows()
    commands = selection.enter(mailbox, afresh=True)
    if can_tell:
        commands.append(_fetch(window, modseq, says_vanished=says_vanished))
    replies = selection.run(commands, deadline, taken.take)
    view = _view(selection.entered(commands, replies))
    if modseq is not None and (view.modseq is None or not can_tell or not _has_answered(replies[-1])):
        return FlagRows(view, None, None)
    if not _has_answered(replies[-1]):
        replies[-1].require_ok()
    vanished = tuple(taken.vanished) if says_vanished and modseq is not None else None
    is_whole = taken.is_whole and replies[-1].is_ok
    return FlagRows(view, tuple(sorted(taken.flags.items())), vanished, is_whole)


def read_uids(selection: Selection, mailbox: str, deadline: float) -> UidListing:
    """List every UID. See `StateSession.uids`."""
    found: list[tuple[int, int]] = []
    is_answered = False

    def take(untagged: Untagged) -> None:
        nonlocal is_answered
        if is_answer(untagged):
            ranges = found_ranges(untagged)
            if ranges is None:
                raise UpstreamProtocolError("The mail server answered a search with what is no set of numbers.")
            found.extend(ranges)
            is_answered = True

    entering = selection.enter(mailbox, afresh=True)
    how = "RETURN (ALL) ALL" if selection.features.has_esearch else "ALL"
    replies = selection.run([*entering, command("UID SEARCH", how, expects=ANSWERS)], deadline, take)
    view = _view(selection.entered(entering, replies))
    replies[-1].require_ok()
    if not is_answered and view.total:
        raise UpstreamProtocolError("The mail server left out the answer to a search.")
    return UidListing(view, _merged(found))


class _Rows:
    """Takes rows and what vanished; a later row of a message counts."""

    def __init__(self) -> None:
        self.flags: dict[Uid, Flags] = {}
        self.vanished: list[tuple[int, int]] = []
        self.is_whole = True

    def take(self, untagged: Untagged) -> None:
        if untagged.kind == b"FETCH":
            row = read_fetch(untagged)
            if row is not None and b"FLAGS" in row.items and isinstance(row.items[b"FLAGS"], list):
                self.flags[row.uid] = from_imap(row.flags())
            elif row is not None or tokens_or_none(untagged) is None:
                self.is_whole = False
        elif untagged.kind == b"VANISHED":
            self.vanished.extend(_vanished(untagged))


def _vanished(untagged: Untagged) -> UidRanges:
    """Read `VANISHED (EARLIER) 3:5` and `VANISHED 3:5`; a malformed one says nothing, and the count will tell."""
    tokens = tokens_or_none(untagged) or []
    try:
        return parse_set(tokens[-1]) if tokens and isinstance(tokens[-1], bytes) else ()
    except MalformedResponse:
        return ()


def _fetch(window: UidWindow, modseq: int | None, *, says_vanished: bool) -> Command:
    last = "*" if window.last is None else str(window.last)
    since = [] if modseq is None else [f"(CHANGEDSINCE {modseq}{' VANISHED' if says_vanished else ''})"]
    return command("UID FETCH", f"{window.first}:{last}", "(UID FLAGS)", *since, expects=["FETCH", "VANISHED"])


def _has_answered(reply: Reply) -> bool:
    """Whether a FETCH brought rows: a NO of RFC 5530 says that some of them are gone, and the others came."""
    return reply.is_ok or (reply.code is not None and reply.code.name == b"EXPUNGEISSUED")


def _view(view: View) -> MailboxView:
    modseq = view.modseq if view.modseq is not None and view.modseq <= _LARGEST_MODSEQ else None
    return MailboxView(view.uidvalidity, view.uidnext, modseq, view.exists)


def _merged(ranges: list[tuple[int, int]]) -> UidRanges:
    result: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        elif first:
            result.append((first, last))
    return tuple(result)
