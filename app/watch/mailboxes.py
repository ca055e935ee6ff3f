"""What a list of mailboxes says against the headers known: pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.domain.events import EventType, MailboxChanged, MailboxRef, MailboxState, NewEvent
from app.domain.ids import mailbox_id
from app.domain.mailbox import MailboxFacts, Role
from app.domain.snapshots import Depth, MailboxWrite, SnapshotHeader


@dataclass(frozen=True, slots=True)
class ListedMailbox:
    """A mailbox as the server lists it now, with its row, path and role."""

    row: int
    path: tuple[str, ...]
    role: Role | None
    facts: MailboxFacts


@dataclass(frozen=True, slots=True)
class TreeDifference:
    """Mailboxes to write and those gone, what is told of them, and the rows whose messages must be looked at."""

    written: tuple[MailboxWrite, ...]
    gone: tuple[SnapshotHeader, ...]
    events: tuple[NewEvent, ...]
    to_look_at: tuple[int, ...]


#: Chooses how closely a mailbox is watched.
DepthOf = Callable[[ListedMailbox], Depth]


def compare_tree(
    known: Sequence[SnapshotHeader], listed: Sequence[ListedMailbox], depth_of: DepthOf, *, is_first: bool
) -> TreeDifference:
    """Find mailboxes that came, went, changed their name or counts. With `is_first` nothing is announced but what was
    known of another server: an account's first sight is where its clients begin.
    """
    by_row = {header.mailbox: header for header in known}
    written: list[MailboxWrite] = []
    events: list[NewEvent] = []
    to_look_at: list[int] = []
    for mailbox in listed:
        old, depth = by_row.pop(mailbox.row, None), depth_of(mailbox)
        new = _new(mailbox, depth, is_first=is_first) if old is None else _again(old, mailbox, depth)
        if old is None and (not is_first or known):
            events.append(_event(EventType.MAILBOX_CREATED, new))
        if old is not None and depth is Depth.COUNTS and _is_numbered_anew(old, new):
            events.append(_event(EventType.MAILBOX_RESET, new))
        elif old is not None and _shown(old) != _shown(new):
            events.append(_event(EventType.MAILBOX_UPDATED, new))
        if old is None or new != old:
            written.append(MailboxWrite(new, clears=old is not None and old.is_scanned and not new.is_scanned))
        if depth is Depth.MESSAGES and mailbox.facts.is_selectable and not _is_unchanged(new, mailbox.facts):
            to_look_at.append(mailbox.row)
    gone = tuple(by_row.values())
    events.extend(_event(EventType.MAILBOX_DELETED, header) for header in gone)
    return TreeDifference(tuple(written), gone, tuple(events), tuple(to_look_at))


def state_of(header: SnapshotHeader) -> MailboxState:
    """The mailbox as events show it."""
    return MailboxState(mailbox_id(header.mailbox), header.role, header.path, header.total, header.unread)


def ref_of(header: SnapshotHeader) -> MailboxRef:
    """Which mailbox it is, as events say it."""
    return MailboxRef(mailbox_id(header.mailbox), header.role)


def _new(mailbox: ListedMailbox, depth: Depth, *, is_first: bool) -> SnapshotHeader:
    """A mailbox never seen. One that appears later was empty before: its messages are all new."""
    header = SnapshotHeader(mailbox.row, mailbox.facts.name, mailbox.path, mailbox.role, depth)
    if depth is Depth.MESSAGES:
        return replace(header, is_scanned=not is_first, total=None if is_first else 0, unread=None if is_first else 0)
    return _counted(header, mailbox.facts)


def _again(old: SnapshotHeader, mailbox: ListedMailbox, depth: Depth) -> SnapshotHeader:
    header = replace(old, name=mailbox.facts.name, path=mailbox.path, role=mailbox.role, depth=depth)
    if depth is Depth.COUNTS:
        return replace(_counted(header, mailbox.facts), is_scanned=False, known=0, modseq=None)
    return header


def _counted(header: SnapshotHeader, facts: MailboxFacts) -> SnapshotHeader:
    return replace(
        header, uidvalidity=facts.uidvalidity or header.uidvalidity, total=facts.messages, unread=facts.unseen
    )


def _is_numbered_anew(old: SnapshotHeader, new: SnapshotHeader) -> bool:
    return None not in {old.uidvalidity, new.uidvalidity} and old.uidvalidity != new.uidvalidity


def _shown(header: SnapshotHeader) -> tuple[object, ...]:
    return header.path, header.role, header.total, header.unread


def _is_unchanged(header: SnapshotHeader, facts: MailboxFacts) -> bool:
    """Whether the list alone shows that no message changed: only MODSEQ tells of flags (RFC 7162)."""
    return (
        header.is_scanned
        and header.modseq is not None
        and header.modseq == facts.modseq
        and header.uidvalidity == facts.uidvalidity
        and header.total == facts.messages
        and header.unread == facts.unseen
    )


def _event(kind: EventType, header: SnapshotHeader) -> NewEvent:
    return NewEvent(kind, MailboxChanged(state_of(header)))
