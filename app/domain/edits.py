"""What is asked of a mail server that changes mail, and what became of each message.

A set of messages may be changed in part: the mail server may refuse one, or fall silent after half of them. Every
answer here tells so message by message, and says `unknown` where nobody can know.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import MailhatchError
from app.domain.ids import Uid


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
    """One message after a move, a copy or a deletion; `target` is its new UID, None where the server does not tell."""

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
