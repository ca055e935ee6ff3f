"""The connections of one account, and who waits for them."""

from dataclasses import dataclass

from app.domain.errors import MailhatchError, TooManyConnections
from app.domain.ids import AccountId
from app.domain.ports import Session
from app.pool.breaker import Breaker, repeated
from app.pool.limits import BUSY_RETRY_AFTER, WAITERS_PER_ACCOUNT
from app.pool.waiter import Waiter


@dataclass(slots=True, eq=False)
class Slot:
    """The right to one connection to `host`, under the host's ceiling and the process's."""

    host: str


@dataclass(slots=True, eq=False)
class Connection:
    """A session and what the pool knows of it. `slot` is None once its right has passed to a newer connection.

    `is_doomed`: it is not used again when it comes back. Times are on the clock of deadlines.
    """

    session: Session
    account: "AccountConnections"
    slot: Slot | None
    retire_at: float
    idle_since: float = 0.0
    is_doomed: bool = False


class AccountConnections:
    """Counts and queues of one account; decides, and does no I/O.

    Everything the mail server may still count as ours is counted in `size`, connections on their way in and out too.
    """

    __slots__ = (
        "_background",
        "_budget",
        "_interactive",
        "breaker",
        "closing",
        "dialing",
        "epoch",
        "id",
        "idle",
        "leased",
        "opening",
        "unreported",
    )

    def __init__(self, account_id: AccountId, budget: int, breaker: Breaker) -> None:
        """Start with nothing open."""
        self.id = account_id
        self._budget = budget
        self.breaker = breaker
        self.idle: dict[Connection, None] = {}
        """In the order in which they came back: the one unused longest is first."""
        self.leased: set[Connection] = set()
        self.opening = 0
        """Connections being made, from asking for credentials on."""
        self.dialing = 0
        """Those of them that talk to the mail server by now."""
        self.closing = 0
        self.epoch = 0
        """Grows when the account is forgotten: what was begun before is not used after."""
        self.unreported: MailhatchError | None = None
        """A connect failure that was not told, since other connections were working."""
        self._interactive: dict[Waiter[Connection], None] = {}
        self._background: dict[Waiter[Connection], None] = {}

    @property
    def size(self) -> int:
        """Connections that count against the budget."""
        return len(self.idle) + len(self.leased) + self.opening + self.closing

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return len(self._interactive) + len(self._background)

    @property
    def is_unused(self) -> bool:
        """Whether nothing is open and nobody waits."""
        return self.size == 0 and self.waiting == 0

    def candidate(self, mailbox: str | None, is_interactive: bool) -> Connection | None:
        """The idle connection a new call should have, None when it must wait."""
        if not self.idle or not self._may_lease(is_interactive) or (self._background and not is_interactive):
            return None
        return self._nearest(mailbox)

    def enqueue(self, waiter: Waiter[Connection]) -> None:
        """Put a call at the end of its queue. Raises TooManyConnections when the queue is full."""
        if self.waiting >= WAITERS_PER_ACCOUNT:
            raise TooManyConnections(
                "Too many calls wait for the connections of this account.", retry_after=BUSY_RETRY_AFTER
            )
        self._queue(waiter)[waiter] = None

    def leave(self, waiter: Waiter[Connection]) -> None:
        """Take a call out of its queue, if it is still there."""
        self._queue(waiter).pop(waiter, None)

    def next_pair(self) -> tuple[Waiter[Connection], Connection] | None:
        """Who gets which idle connection next: first come, first served, interactive calls before others."""
        if not self.idle:
            return None
        queue = self._interactive or (self._background if self._may_lease(is_interactive=False) else None)
        if not queue:
            return None
        waiter = next(iter(queue))
        return waiter, self._nearest(waiter.mailbox)

    def wants_more(self) -> bool:
        """Whether one more connection should be made for those who wait, within the budget."""
        if self.size >= self._budget:
            return False
        room = 1 if self._budget == 1 else self._budget - 1 - len(self.leased)
        demand = len(self._interactive) + min(len(self._background), max(0, room))
        return self.opening < demand

    def is_served_next(self, waiter: Waiter[Connection]) -> bool:
        """Whether a connection that is being made by now is for this call."""
        order = [*self._interactive, *self._background]
        return waiter in order[: self.dialing]

    def fail_waiters(self, error: MailhatchError) -> None:
        """Tell every waiting call the same."""
        for waiter in [*self._interactive, *self._background]:
            waiter.fail(repeated(error, error.retry_after))
        self._interactive.clear()
        self._background.clear()

    def _queue(self, waiter: Waiter[Connection]) -> dict[Waiter[Connection], None]:
        return self._interactive if waiter.is_interactive else self._background

    def _may_lease(self, is_interactive: bool) -> bool:
        """Background work leaves one connection of the budget to interactive calls."""
        return is_interactive or self._budget == 1 or len(self.leased) + 1 < self._budget

    def _nearest(self, mailbox: str | None) -> Connection:
        """One already in the mailbox, the latest used; else one in none; else the one unused longest."""
        if mailbox is not None:
            for connection in reversed(self.idle):
                if connection.session.selected == mailbox:
                    return connection
        for connection in self.idle:
            if connection.session.selected is None:
                return connection
        return next(iter(self.idle))
