"""The event log and the snapshots it is committed with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.domain.access import Principal
from app.domain.events import Event, NewEvent
from app.domain.ids import AccountId
from app.domain.positions import LogHead
from app.domain.snapshots import Chunk, SnapshotHeader, SnapshotStep, Watch


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events behind a position, in order, and the log's head of the same moment.

    `reached` is the position the page leads to: the last event's when there may be more, else the head's.
    """

    events: tuple[Event, ...]
    head: LogHead
    reached: int


class EventLog(Protocol):
    """Events at rest. Positions become visible in the order of commits: a reader never steps over a late one."""

    async def head(self) -> LogHead:
        """Tell where the log stands."""

    async def read(self, principal: Principal, account_id: AccountId | None, after: int, limit: int) -> EventPage:
        """Read the events behind `after` within the principal's reach, of one account if given; `limit` at most."""

    async def tail(self, after: int, limit: int) -> EventPage:
        """Read the events behind `after`, whoever's they are: for those who fan out, and check the reach themselves."""

    async def append(
        self, account_id: AccountId | None, tenant: str | None, events: Sequence[NewEvent]
    ) -> tuple[Event, ...]:
        """Commit events that no snapshot stands behind. `tenant` counts for those without an account alone.

        Raises NotFound when the account is gone.
        """

    async def trim(self, before: float, keep_after: int) -> int:
        """Delete events older than `before` (Unix seconds) up to position `keep_after`; tells how many."""

    async def renew_epoch(self) -> LogHead:
        """Give the log another identity: after a restore the tokens of before must not pass for new ones."""


class SnapshotStore(Protocol):
    """Snapshots at rest."""

    async def watch(self, account_id: AccountId) -> Watch:
        """Tell how the watching of an account stands. An account that was never watched has an empty one."""

    async def watches(self, account_ids: Sequence[AccountId]) -> dict[AccountId, Watch]:
        """Tell the same of many accounts; those never watched are left out."""

    async def headers(self, account_id: AccountId) -> tuple[SnapshotHeader, ...]:
        """All mailboxes of the account, by row."""

    async def firsts(self, mailbox: int) -> tuple[int, ...]:
        """The `first` of every chunk of a mailbox, ascending."""

    async def chunks(self, mailbox: int, firsts: Sequence[int]) -> tuple[Chunk, ...]:
        """Read chunks, ascending; those that are not there are left out."""

    async def content(
        self, account_id: AccountId, mailbox: int, after: int, count: int
    ) -> tuple[SnapshotHeader, tuple[Chunk, ...]] | None:
        """Read a header and the next `count` chunks, those whose `first` is over `after`, as they were at one moment.

        None when the account has no such mailbox.
        """

    async def commit(self, account_id: AccountId, step: SnapshotStep, events: Sequence[NewEvent]) -> tuple[Event, ...]:
        """Replace the snapshots and write the events, in one transaction.

        Raises Conflict, with nothing written, when a header's revision is not the stored one any more: another watcher
        has committed meanwhile. Raises NotFound when the account is gone.
        """

    async def synced(self, known: Sequence[tuple[AccountId, Watch]]) -> None:
        """Note that accounts are in sync although nothing changed; those gone are left out."""
