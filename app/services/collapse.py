"""Events folded so that each message and mailbox is told of once: who applies the rest ends in the same state. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from app.domain.events import Event, EventType, MailboxChanged, MessageCreated, MessageDeleted, MessageUpdated

Key = tuple[str, str]


def collapse(events: Iterable[Event]) -> tuple[Event, ...]:
    """Fold; what is left keeps its own id and number, in order. What came and went is left out."""
    kept: dict[Key, Event] = {}
    for event in events:
        key = _key(event)
        if event.type is EventType.MAILBOX_RESET and isinstance(event.data, MailboxChanged):
            old = event.data.mailbox.id
            kept = {one: other for one, other in kept.items() if _mailbox(other) != old}
        before = kept.pop(key, None)
        folded = event if before is None else _folded(before, event)
        if folded is not None:
            kept[key] = folded
    return tuple(kept.values())


def _folded(before: Event, event: Event) -> Event | None:
    match before.data, event.data:
        case MessageCreated(), MessageDeleted():
            return None
        case MessageCreated() as made, MessageUpdated() as data:
            return replace(event, type=EventType.MESSAGE_CREATED, data=replace(made, message=data.message))
        case MessageUpdated() as first, MessageUpdated() as data:
            added = {*first.added, *data.added} & set(data.message.flags)
            removed = {*first.removed, *data.removed} - set(data.message.flags)
            came, went = added - set(first.removed), removed - set(first.added)
            return replace(event, data=replace(data, added=tuple(sorted(came)), removed=tuple(sorted(went))))
    return event


def _key(event: Event) -> Key:
    match event.data:
        case MessageCreated() | MessageUpdated() | MessageDeleted():
            return "message", event.data.message.id
        case MailboxChanged() if event.type is EventType.MAILBOX_UPDATED:
            return "counts", event.data.mailbox.id
    return "event", event.id


def _mailbox(event: Event) -> str | None:
    match event.data:
        case MessageCreated() | MessageUpdated() | MessageDeleted() | MailboxChanged():
            return event.data.mailbox.id
    return None
