"""A look at one mailbox on its server: the questions of the differ, and the answers of a session."""

from dataclasses import dataclass

from app.domain.changes import Flags
from app.domain.ids import Uid

#: UIDs as (first, last) pairs, ascending and apart.
UidRanges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class UidWindow:
    """UIDs from `first` to `last`, or to the end of the mailbox when that is None."""

    first: int = 1
    last: int | None = None


@dataclass(frozen=True, slots=True)
class MailboxView:
    """What the server says of the mailbox itself.

    `uidvalidity`, `uidnext` and `modseq` (HIGHESTMODSEQ; None where the mailbox has none, RFC 7162 section 3.1.2.2) are
    from before anything else was read, so nothing that happened later is behind them. `total` is EXISTS after it.
    """

    uidvalidity: int
    uidnext: int | None
    modseq: int | None
    total: int


@dataclass(frozen=True, slots=True)
class FlagRows:
    """Messages of a window with their flags, by UID: those changed since a MODSEQ, or all.

    `rows` is None when the server cannot tell what changed since then. `vanished` are UIDs gone since then, None when
    the server does not say (no QRESYNC). A row that could not be read is left out; `is_whole` is false then.
    """

    view: MailboxView
    rows: tuple[tuple[Uid, Flags], ...] | None
    vanished: UidRanges | None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class UidListing:
    """Every UID there is in a mailbox."""

    view: MailboxView
    uids: UidRanges
