"""What is asked of a mail server that changes mail, and what became of each message.

A set of messages may be changed in part: the mail server may refuse one, or fall silent after half of them. Every
answer here tells so message by message, and says `unknown` where nobody can know.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import MailhatchError
from app.domain.ids import AccountId, MailboxId, MessageId, MessageKey, Uid


@dataclass(frozen=True, slots=True)
class MessageSet:
    """Messages of one mailbox: its decoded name, the UIDVALIDITY the UIDs belong to, and the UIDs, each once."""

    mailbox: str
    uidvalidity: int
    uids: tuple[Uid, ...]


@dataclass(frozen=True, slots=True)
class FlagEdit:
    """Flags to add and to remove, in the words of `app.domain.flags`; no flag is in both."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class ItemState(StrEnum):
    """What became of one message.

    `done`: as asked, also when it was so before. `gone`: it was no longer there. `changed`: left alone, because it
    was changed since the state the caller had named. `failed`: left alone, `error` says why. `unknown`: the connection
    was lost while the mail server had the command; it may or may not have been carried out.
    """

    DONE = "done"
    GONE = "gone"
    CHANGED = "changed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FlagOutcome:
    """One message after a change of flags; `flags` are those it has now, None where they are not known."""

    uid: Uid
    state: ItemState
    flags: tuple[str, ...] | None = None
    modseq: int | None = None
    error: MailhatchError | None = None


@dataclass(frozen=True, slots=True)
class MoveOutcome:
    """One message after a move, a copy or a deletion; `target` is its new UID, None where the server does not tell.

    A `failed` move with a `target` had to copy first, and left the copy behind: the message is in both mailboxes.
    """

    uid: Uid
    state: ItemState
    target: Uid | None = None
    error: MailhatchError | None = None


@dataclass(frozen=True, slots=True)
class MoveReport:
    """All messages of a move or copy, in the order asked; `uidvalidity` is that of the target's UIDs, where told."""

    uidvalidity: int | None
    items: tuple[MoveOutcome, ...]


@dataclass(frozen=True, slots=True)
class MessageSource:
    """A whole message (RFC 5322, CRLF line ends) that is to be stored: `size` is its bytes.

    `chunks` opens it anew and yields exactly `size` bytes; it is called in the pool's thread and may block on a file.
    """

    size: int
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a stored message went; both None where the server does not tell (RFC 4315)."""

    uidvalidity: int | None
    uid: Uid | None


@dataclass(frozen=True, slots=True)
class FlagAction:
    """Add and remove flags."""

    edit: FlagEdit


@dataclass(frozen=True, slots=True)
class MoveAction:
    """Move to a mailbox: its id or a role."""

    to: str


@dataclass(frozen=True, slots=True)
class CopyAction:
    """Copy to a mailbox: its id or a role."""

    to: str


@dataclass(frozen=True, slots=True)
class DeleteAction:
    """Move to the Trash, or remove for good."""

    permanently: bool = False


Action = FlagAction | MoveAction | CopyAction | DeleteAction


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """All messages of a mailbox (id or role) that match a search query; an empty query matches all."""

    mailbox: str
    query: str


@dataclass(frozen=True, slots=True)
class EditedMessage:
    """What became of one message, in the words of a client.

    `flags` are those it has now, told after a change of flags. `moved_to` is the id of the message or of its copy in
    the other mailbox, None where the mail server does not tell. `version` stands for its state after a change of flags
    (see `app.services.version`). `error` says why, unless `state` is `done`.
    """

    id: MessageId
    state: ItemState
    flags: tuple[str, ...] | None = None
    moved_to: MessageId | None = None
    mailbox_id: MailboxId | None = None
    version: str | None = None
    error: MailhatchError | None = None


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of every message of a batch, in the order asked; of a filter, newest first.

    `has_more` tells that more match the filter than one call takes.
    """

    items: tuple[EditedMessage, ...]
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message that was stored: `id` is None where the mail server does not tell it; `size` is bytes."""

    id: MessageId | None
    mailbox_id: MailboxId
    size: int


@dataclass(frozen=True, slots=True)
class MovedMessage:
    """That a message has another id now."""

    old: MessageKey
    new: MessageKey


@dataclass(frozen=True, slots=True)
class OwnEdit:
    """Something a client had us do, for the change log to tell the cause of what it finds.

    `messages` are those that were changed or have left, `arrived` those that came to be; `mailboxes` are rows.
    """

    account_id: AccountId
    client_mutation_id: str | None
    messages: tuple[MessageKey, ...] = ()
    arrived: tuple[MessageKey, ...] = ()
    mailboxes: tuple[int, ...] = ()
