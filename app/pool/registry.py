"""The accounts the pool knows at this moment, and the decisions about them."""

import random
from collections import OrderedDict
from collections.abc import Callable, Iterator

from app.domain.ids import AccountId
from app.domain.ports import Clock
from app.pool.account import AccountConnections, Connection
from app.pool.breaker import Breaker
from app.pool.capacity import Capacity
from app.pool.limits import WRITERS
from app.pool.options import PoolOptions
from app.pool.stats import PoolStats


class Registry:
    """Account by account: who is served, who must wait, when to grow. Decides; I/O is started through `grow`.

    An account with nothing open, nobody waiting and no backoff is not kept.
    """

    def __init__(
        self, options: PoolOptions, capacity: Capacity, clock: Clock, grow: Callable[[AccountConnections], None]
    ) -> None:
        """Take what decides with it; `grow` starts making one connection for an account."""
        self._options = options
        self._capacity = capacity
        self._clock = clock
        self._grow = grow
        self._random = random.SystemRandom()
        self._accounts: dict[AccountId, AccountConnections] = {}
        self._writers: OrderedDict[AccountId, None] = OrderedDict()

    def __iter__(self) -> Iterator[AccountConnections]:
        """Go through the accounts of this moment."""
        return iter(tuple(self._accounts.values()))

    def __len__(self) -> int:
        """Tell how many accounts are remembered."""
        return len(self._accounts)

    def find(self, account_id: AccountId) -> AccountConnections | None:
        """The account, None when nothing is known of it."""
        return self._accounts.get(account_id)

    def obtain(self, account_id: AccountId) -> AccountConnections:
        """The account, remembered from now on."""
        account = self._accounts.get(account_id)
        if account is None:
            account = AccountConnections(account_id, self._options.connections_per_account, Breaker(self._random))
            self._accounts[account_id] = account
        return account

    def expect_writes(self, account: AccountConnections) -> None:
        """Note that the account changes mail, and tell its connections, those to come too."""
        self._writers[account.id] = None
        self._writers.move_to_end(account.id)
        if len(self._writers) > WRITERS:
            self._writers.popitem(last=False)
        for connection in (*account.idle, *account.leased):
            connection.session.expect_writes()

    def welcome(self, connection: Connection) -> None:
        """Tell a new connection what is known of its account, and put it on the shelf."""
        if connection.account.id in self._writers:
            connection.session.expect_writes()
        self.shelve(connection)

    def take(self, account: AccountConnections, mailbox: str | None, is_interactive: bool) -> Connection | None:
        """Lease an idle connection at once, if there is one for this call."""
        connection = account.candidate(mailbox, is_interactive)
        if connection is not None:
            self._lease(connection)
        return connection

    def shelve(self, connection: Connection) -> None:
        """Put a connection back, to the next who waits for it: of its account, else of its host, else of any."""
        self._capacity.shelve(connection)
        self.serve(connection.account)
        self._capacity.feed()

    def serve(self, account: AccountConnections) -> None:
        """Hand out idle connections, start making more for those who still wait, or tell them that none will come.

        To be called after every change.
        """
        while (pair := account.next_pair()) is not None:
            waiter, connection = pair
            account.leave(waiter)
            self._lease(connection)
            if not waiter.offer(connection):
                account.leased.discard(connection)
                self._capacity.shelve(connection)
        now = self._clock.monotonic()
        while account.wants_more() and account.breaker.permits(now, account.opening):
            account.opening += 1
            self._grow(account)
        if account.waiting and account.size == 0 and (refusal := account.breaker.refusal(now)) is not None:
            account.fail_waiters(refusal)
        self.prune(account)

    def prune(self, account: AccountConnections) -> None:
        """Forget an account nothing is known about."""
        is_done = account.is_unused and account.breaker.is_forgettable(self._clock.monotonic())
        if is_done and self._accounts.get(account.id) is account:
            del self._accounts[account.id]

    def stats(self) -> PoolStats:
        """Count what is there."""
        accounts = self._accounts.values()
        return PoolStats(
            idle=sum(len(account.idle) for account in accounts),
            leased=sum(len(account.leased) for account in accounts),
            opening=sum(account.opening for account in accounts),
            closing=sum(account.closing for account in accounts),
            waiting=sum(account.waiting for account in accounts),
            accounts=len(self._accounts),
        )

    def _lease(self, connection: Connection) -> None:
        self._capacity.unshelve(connection)
        connection.account.leased.add(connection)
