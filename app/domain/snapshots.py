"""What a mailbox was like at the last look: a header, and chunks of UIDs with their flags."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.changes import Flags
from app.domain.ids import Uid
from app.domain.mailbox import Role


class Depth(StrEnum):
    """How closely a mailbox is watched: every message, or counts alone."""

    MESSAGES = "messages"
    COUNTS = "counts"


class SyncHow(StrEnum):
    """How the service hears of changes: the server tells, or is asked now and then."""

    PUSH = "push"
    POLL = "poll"


@dataclass(frozen=True, slots=True)
class SnapshotHeader:
    """A mailbox at the last look. `mailbox` is its row, `path` its name level by level.

    `uidnext` is one more than the highest UID ever seen; `modseq` is HIGHESTMODSEQ (RFC 7162) before the look, None
    without one. `is_scanned` is false until the messages were looked at once: only then do chunks mean anything.
    `known` is how many messages the chunks hold. `revision` grows with each commit and is 0 before the first.
    """

    mailbox: int
    name: str
    path: tuple[str, ...]
    role: Role | None
    depth: Depth
    uidvalidity: int | None = None
    uidnext: int | None = None
    modseq: int | None = None
    total: int | None = None
    unread: int | None = None
    known: int = 0
    is_scanned: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Up to 1,000 messages, ascending by UID, with the flags of each.

    It holds the UIDs from `first` on, up to the next chunk's `first`; `first` stays as long as the chunk does.
    """

    first: int
    uids: tuple[Uid, ...]
    flags: tuple[Flags, ...]


@dataclass(frozen=True, slots=True)
class MailboxWrite:
    """What one look changes of one mailbox: the header as read with new values, and the chunks that are other now.

    With `clears` every chunk of before goes first. `dropped` are the `first` of chunks that are empty now.
    """

    header: SnapshotHeader
    chunks: tuple[Chunk, ...] = ()
    dropped: tuple[int, ...] = ()
    clears: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """The watching of an account. Times are Unix seconds, None for not yet.

    `begun_at` is when its mailboxes were first seen, `synced_at` when the snapshots were last what the server had.
    """

    begun_at: float | None = None
    synced_at: float | None = None
    how: SyncHow | None = None


@dataclass(frozen=True, slots=True)
class SnapshotStep:
    """What one look changes at rest: mailboxes written, mailboxes gone (headers as read), and the watch."""

    mailboxes: tuple[MailboxWrite, ...] = ()
    gone: tuple[SnapshotHeader, ...] = ()
    watch: Watch | None = None
