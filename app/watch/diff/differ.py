"""The differ: one look at one mailbox, from what was known to what is.

It compares states and never trusts a notification, so whatever was missed before is found now. A message counts as gone
only when the server lists its UIDs without it, or names it in VANISHED and the numbers agree: a row that could not be
read, or a server that forgets one, invents nothing.

With CONDSTORE (RFC 7162) the server tells what changed since a MODSEQ; whether that is all is seen by counting. Where
the count does not agree, the UIDs are listed. Where there is no MODSEQ (none at all, or `HIGHESTMODSEQ 0`), or one that
went backwards, every message is looked at, window by window.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from app.domain.changes import Flags
from app.domain.ids import Uid
from app.domain.looks import FlagRows, MailboxView, UidListing, UidRanges, UidWindow
from app.domain.snapshots import MailboxWrite, SnapshotHeader
from app.watch.diff.chunks import pages, write
from app.watch.diff.findings import Findings, home
from app.watch.diff.limits import WINDOW_UIDS
from app.watch.diff.ranges import UidSet, windows
from app.watch.diff.steps import (
    Difference,
    MailboxMoved,
    Portion,
    Steps,
    fetch_flags,
    list_uids,
    read_chunks,
    read_firsts,
)

_EVERYTHING = UidWindow()


def diff(header: SnapshotHeader, *, is_thorough: bool = False) -> Steps[Difference]:
    """Look at a mailbox. `is_thorough` looks at every message even where the server says what changed.

    Raises MailboxMoved when it was numbered anew in the middle.
    """
    if not header.is_scanned:
        return (yield from _first_sight(header, None))
    if header.modseq is None or is_thorough:
        listing = yield from list_uids()
        if _is_other(header, listing.view):
            return (yield from _first_sight(header, listing))
        return (yield from _compare_all(header, listing))
    changed = yield from fetch_flags(_EVERYTHING, header.modseq)
    if _is_other(header, changed.view):
        return (yield from _first_sight(header, None))
    modseq = changed.view.modseq
    if changed.rows is None or modseq is None or modseq < header.modseq:
        return (yield from _compare_all(header, (yield from list_uids())))
    return (yield from _compare_changed(header, changed, changed.rows))


def _first_sight(header: SnapshotHeader, listing: UidListing | None) -> Steps[Difference]:
    """Take everything as it is: one portion without changes."""
    if listing is None:
        listing = yield from list_uids()
    view = listing.view
    content: dict[Uid, Flags] = {}
    for window in _windows(listing.uids):
        rows, _ = yield from _rows(window, view)
        content.update(rows)
    is_settled = len(content) == view.total
    after = replace(
        header,
        uidvalidity=view.uidvalidity,
        uidnext=max(view.uidnext or 1, max(content, default=0) + 1),
        modseq=view.modseq if is_settled else None,  # else the next look must see every message again
        known=len(content),
        total=len(content),
        unread=sum("seen" not in flags for flags in content.values()),
        is_scanned=True,
    )
    portion = Portion(MailboxWrite(after, pages(1, content), clears=True), ())
    return Difference((portion,), _is_other(header, view), is_settled)


def _compare_all(header: SnapshotHeader, listing: UidListing) -> Steps[Difference]:
    """Look at the flags of every message, window by window, and at which UIDs there are."""
    view, found = listing.view, Findings()
    _require_same(header, view)
    firsts = yield from read_firsts()
    there = UidSet(listing.uids)
    is_whole = True
    for window in windows(there.ranges, WINDOW_UIDS):
        chunks = yield from read_chunks(_within(firsts, window))
        if there.ranges:
            rows, is_readable = yield from _rows(window, view)
            is_whole = is_whole and is_readable
            found.compare(chunks, rows)
        found.lose(chunks, _missing(window, there))
    return (yield from _finish(header, view, view.modseq if is_whole else None, firsts, found))


def _compare_changed(
    header: SnapshotHeader, changed: FlagRows, rows: tuple[tuple[Uid, Flags], ...]
) -> Steps[Difference]:
    """Look at what the server says has changed, and count whether that is all."""
    view, found = changed.view, Findings()
    modseq = view.modseq if changed.is_whole else header.modseq
    gone = UidSet(changed.vanished or ())
    if not rows and not gone.ranges and view.total == header.known:
        return (yield from _finish(header, view, modseq, (), found))
    firsts = yield from read_firsts()
    homes = {home(firsts, uid) for uid, _ in rows}
    homes.update(first for first, last in _bounds(firsts) if gone.touches(first, last))
    chunks = yield from read_chunks(tuple(sorted(homes & set(firsts))))
    found.compare(chunks, rows)
    found.lose(chunks, gone.__contains__)
    for uid in [uid for uid in found.created if uid in gone]:  # came and went between two looks
        del found.created[uid]
    if header.known + len(found.created) - len(found.deleted) != view.total:
        view = yield from _correct(header, firsts, found)
    return (yield from _finish(header, view, modseq, firsts, found))


def _correct(header: SnapshotHeader, firsts: tuple[int, ...], found: Findings) -> Steps[MailboxView]:
    """Hold the findings against the UIDs there are: for servers that do not tell what vanished, or not rightly."""
    listing = yield from list_uids()
    _require_same(header, listing.view)
    there = UidSet(listing.uids)
    for uid in [uid for uid in found.created if uid not in there]:
        del found.created[uid]
    for window in windows(there.ranges, WINDOW_UIDS):
        chunks = yield from read_chunks(_within(firsts, window))
        found.lose(chunks, _missing(window, there))
        known = {uid for chunk in chunks for uid in chunk.uids} | found.created.keys()
        unsure = [uid for uid in _listed(there.ranges, window) if uid not in known or uid in found.deleted]
        for uid in unsure:
            found.deleted.pop(uid, None)  # VANISHED named one that is there
        if unsure:
            rows, _ = yield from _rows(UidWindow(unsure[0], unsure[-1]), listing.view)
            found.compare(chunks, rows)
    return listing.view


def _finish(
    header: SnapshotHeader, view: MailboxView, modseq: int | None, firsts: tuple[int, ...], found: Findings
) -> Steps[Difference]:
    after = replace(
        header,
        uidvalidity=view.uidvalidity,
        uidnext=max(view.uidnext or 1, max(found.created, default=0) + 1, header.uidnext or 1),
        modseq=modseq,
    )
    portions = yield from write(header, after, firsts, found)
    known = header.known + len(found.created) - len(found.deleted)
    return Difference(portions, is_settled=known == view.total)


def _rows(window: UidWindow, view: MailboxView) -> Steps[tuple[tuple[tuple[Uid, Flags], ...], bool]]:
    """Fetch the flags of a whole window, and tell whether every row could be read.

    Raises MailboxMoved when its UIDs are others by now. `n:*` beyond the end means the last message (RFC 9051 section
    9, seq-range): what lies outside of the window is left out.
    """
    answer = yield from fetch_flags(window)
    if answer.view.uidvalidity != view.uidvalidity:
        raise MailboxMoved
    return tuple([row for row in answer.rows or () if _is_in(row[0], window)]), answer.is_whole


def _windows(ranges: UidRanges) -> Iterable[UidWindow]:
    return windows(ranges, WINDOW_UIDS) if ranges else ()


def _missing(window: UidWindow, there: UidSet) -> Callable[[int], bool]:
    """Whether a UID of the window is not among those there."""
    return lambda uid: _is_in(uid, window) and uid not in there


def _is_other(header: SnapshotHeader, view: MailboxView) -> bool:
    return header.uidvalidity is not None and header.uidvalidity != view.uidvalidity


def _require_same(header: SnapshotHeader, view: MailboxView) -> None:
    if _is_other(header, view):
        raise MailboxMoved


def _is_in(uid: int, window: UidWindow) -> bool:
    return window.first <= uid and (window.last is None or uid <= window.last)


def _bounds(firsts: tuple[int, ...]) -> Iterable[tuple[int, int | None]]:
    """Each chunk's first UID and the last it may hold."""
    return zip(firsts, (*(first - 1 for first in firsts[1:]), None)[: len(firsts)], strict=True)


def _within(firsts: tuple[int, ...], window: UidWindow) -> tuple[int, ...]:
    """The chunks that may hold UIDs of a window."""
    return tuple(
        [
            first
            for first, last in _bounds(firsts)
            if (last is None or last >= window.first) and (window.last is None or first <= window.last)
        ]
    )


def _listed(ranges: UidRanges, window: UidWindow) -> Iterator[Uid]:
    for first, last in ranges:
        begin = max(first, window.first)
        end = last if window.last is None else min(last, window.last)
        yield from map(Uid, range(begin, end + 1))
