"""Events: changes with an id, a sequence in their account and a position in the log, as clients see them.

Applying is safe at any time and any number of times: a client that knows a message already takes its flags, one that
does not know it has nothing to delete. So a client that applies all events ends where the server is.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from app.domain.ids import AccountId, MailboxId, MessageId
from app.domain.mailbox import Role

EventId = NewType("EventId", str)


class EventType(StrEnum):
    """What can happen."""

    MESSAGE_CREATED = "message.created"
    MESSAGE_UPDATED = "message.updated"
    MESSAGE_DELETED = "message.deleted"
    MESSAGE_MOVED = "message.moved"
    MAILBOX_CREATED = "mailbox.created"
    MAILBOX_UPDATED = "mailbox.updated"
    MAILBOX_DELETED = "mailbox.deleted"
    MAILBOX_RESET = "mailbox.reset"
    ACCOUNT_CONNECTED = "account.connected"
    ACCOUNT_DISCONNECTED = "account.disconnected"
    ACCOUNT_AUTHENTICATION_FAILED = "account.authentication_failed"
    ACCOUNT_BACKFILL_COMPLETED = "account.backfill_completed"
    ENDPOINT_DISABLED = "endpoint.disabled"


@dataclass(frozen=True, slots=True)
class Cause:
    """What made it happen, where that is known: the `client_mutation_id` of a call to this service."""

    client_mutation_id: str


@dataclass(frozen=True, slots=True)
class MailboxRef:
    """Which mailbox, and what it is for."""

    id: MailboxId
    role: Role | None


@dataclass(frozen=True, slots=True)
class MailboxState(MailboxRef):
    """A mailbox with absolute counts, None where unknown; `path` is its name level by level."""

    path: tuple[str, ...]
    total: int | None
    unread: int | None


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Which message."""

    id: MessageId


@dataclass(frozen=True, slots=True)
class MessageState(MessageRef):
    """A message with all its flags at this moment."""

    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """Where a message was."""

    mailbox: MailboxRef
    message: MessageRef


@dataclass(frozen=True, slots=True)
class MessageCreated:
    """A message is there. `backfill` marks mail from before the account was watched."""

    mailbox: MailboxRef
    message: MessageState
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class MessageUpdated:
    """A message's flags changed: those it has now, those that came and those that went."""

    mailbox: MailboxRef
    message: MessageState
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message is no longer in its mailbox."""

    mailbox: MailboxRef
    message: MessageRef


@dataclass(frozen=True, slots=True)
class MessageMoved:
    """A message is in another mailbox now, under another id; `previous` is where it was."""

    mailbox: MailboxRef
    message: MessageState
    previous: MessagePlace


@dataclass(frozen=True, slots=True)
class MailboxChanged:
    """A mailbox is new, has another name or other counts, or is gone; as it is now, or was last."""

    mailbox: MailboxState


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """An account's connection to its server changed; `code` and `detail` say why where something went wrong."""

    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """A webhook endpoint was disabled; `code` says why."""

    endpoint: str
    code: str
    detail: str


EventData = (
    MessageCreated | MessageUpdated | MessageDeleted | MessageMoved | MailboxChanged | AccountChanged | EndpointChanged
)

#: The shape of an event's data, by its type.
DATA: dict[EventType, type[EventData]] = {
    EventType.MESSAGE_CREATED: MessageCreated,
    EventType.MESSAGE_UPDATED: MessageUpdated,
    EventType.MESSAGE_DELETED: MessageDeleted,
    EventType.MESSAGE_MOVED: MessageMoved,
    EventType.MAILBOX_CREATED: MailboxChanged,
    EventType.MAILBOX_UPDATED: MailboxChanged,
    EventType.MAILBOX_DELETED: MailboxChanged,
    EventType.MAILBOX_RESET: MailboxChanged,
    EventType.ACCOUNT_CONNECTED: AccountChanged,
    EventType.ACCOUNT_DISCONNECTED: AccountChanged,
    EventType.ACCOUNT_AUTHENTICATION_FAILED: AccountChanged,
    EventType.ACCOUNT_BACKFILL_COMPLETED: AccountChanged,
    EventType.ENDPOINT_DISABLED: EndpointChanged,
}


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before its commit: id, sequence, position and time are given there."""

    type: EventType
    data: EventData
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the log. `timestamp` is Unix seconds.

    `account` is None for what belongs to none (an endpoint). `external_id` and `tenant` are those of the moment.
    `sequence` counts without gaps in its account, `position` in the whole log, in the order of commits; for what
    belongs to no account the two are equal.
    """

    id: EventId
    type: EventType
    account: AccountId | None
    external_id: str | None
    tenant: str | None
    sequence: int
    position: int
    timestamp: float
    cause: Cause | None
    data: EventData
