"""What the differ asks for, and what it finds in the end.

The differ is a generator: it yields a request, is sent the answer, and returns a `Difference`. It does no I/O.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from app.domain.changes import Change
from app.domain.looks import FlagRows, UidListing, UidWindow
from app.domain.snapshots import Chunk, MailboxWrite


@dataclass(frozen=True, slots=True)
class FetchFlags:
    """Ask the server for flags in a window: of what changed since `modseq`, of all without one. Answer: FlagRows."""

    window: UidWindow
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class ListUids:
    """Ask the server for every UID. Answer: UidListing."""


@dataclass(frozen=True, slots=True)
class ReadFirsts:
    """Ask the snapshot for the `first` of every chunk, ascending. Answer: tuple of int."""


@dataclass(frozen=True, slots=True)
class ReadChunks:
    """Ask the snapshot for chunks by their `first`. Answer: tuple of Chunk, ascending."""

    firsts: tuple[int, ...]


Request = FetchFlags | ListUids | ReadFirsts | ReadChunks
Answer = FlagRows | UidListing | tuple[int, ...] | tuple[Chunk, ...]

T = TypeVar("T")
Steps = Generator[Request, Answer, T]


@dataclass(frozen=True, slots=True)
class Portion:
    """What one transaction writes: a part of the snapshot, and the changes it holds and the one before did not.

    The header's revision is the one before this portion.
    """

    write: MailboxWrite
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What one look found, in portions to be committed in order; none when nothing changed.

    `is_reset`: the server numbered the messages anew, nothing that was known holds. `is_settled` is false when the
    mailbox changed during the look, so that another one is due soon.
    """

    portions: tuple[Portion, ...] = ()
    is_reset: bool = False
    is_settled: bool = True


class MailboxMoved(Exception):
    """The mailbox was numbered anew in the middle of the look: begin again."""


def fetch_flags(window: UidWindow, modseq: int | None = None) -> Steps[FlagRows]:
    """Ask and check the answer's shape."""
    answer = yield FetchFlags(window, modseq)
    assert isinstance(answer, FlagRows)
    return answer


def list_uids() -> Steps[UidListing]:
    """Ask and check the answer's shape."""
    answer = yield ListUids()
    assert isinstance(answer, UidListing)
    return answer


def read_firsts() -> Steps[tuple[int, ...]]:
    """Ask and check the answer's shape."""
    answer = yield ReadFirsts()
    assert isinstance(answer, tuple)
    return tuple([first for first in answer if isinstance(first, int)])


def read_chunks(firsts: tuple[int, ...]) -> Steps[tuple[Chunk, ...]]:
    """Ask and check the answer's shape; asks nothing for no chunks."""
    if not firsts:
        return ()
    answer = yield ReadChunks(firsts)
    assert isinstance(answer, tuple)
    return tuple([chunk for chunk in answer if isinstance(chunk, Chunk)])
