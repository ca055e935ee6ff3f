"""Changes of a mailbox as events: pure."""

from collections.abc import Iterator

from app.domain.changes import Change, Created, Deleted, Updated
from app.domain.events import (
    EventType,
    MailboxChanged,
    MessageCreated,
    MessageDeleted,
    MessageRef,
    MessageState,
    MessageUpdated,
    NewEvent,
)
from app.domain.ids import MessageId, MessageKey, Uid, message_id
from app.domain.snapshots import SnapshotHeader
from app.watch.diff.steps import Portion
from app.watch.mailboxes import ref_of, state_of


def tell(before: SnapshotHeader, portion: Portion, *, is_reset: bool, tells_counts: bool) -> Iterator[NewEvent]:
    """Yield what a portion is announced with. `before` is the header at the beginning of the look."""
    header = portion.write.header
    if is_reset:
        yield NewEvent(EventType.MAILBOX_RESET, MailboxChanged(state_of(header)))
        return
    for change in portion.changes:
        yield _message(header, change)
    if tells_counts and before.is_scanned and (before.total, before.unread) != (header.total, header.unread):
        yield NewEvent(EventType.MAILBOX_UPDATED, MailboxChanged(state_of(header)))


def _message(header: SnapshotHeader, change: Change) -> NewEvent:
    mailbox = ref_of(header)
    match change:
        case Created(uid, flags):
            return NewEvent(EventType.MESSAGE_CREATED, MessageCreated(mailbox, MessageState(_id(header, uid), flags)))
        case Updated(uid, before, after):
            added = tuple([flag for flag in after if flag not in before])
            removed = tuple([flag for flag in before if flag not in after])
            state = MessageState(_id(header, uid), after)
            return NewEvent(EventType.MESSAGE_UPDATED, MessageUpdated(mailbox, state, added, removed))
        case Deleted(uid):
            return NewEvent(EventType.MESSAGE_DELETED, MessageDeleted(mailbox, MessageRef(_id(header, uid))))


def _id(header: SnapshotHeader, uid: Uid) -> MessageId:
    assert header.uidvalidity is not None
    return message_id(MessageKey(header.mailbox, header.uidvalidity, uid))
