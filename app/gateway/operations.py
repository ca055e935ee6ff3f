"""Running operations on the pool, and what is remembered of the servers that did them."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from app.domain.capabilities import Capabilities
from app.domain.ids import AccountId
from app.domain.ports import MailSession
from app.gateway.epoch import Epoch, Epochs
from app.gateway.limits import CAPABILITIES
from app.pool.pool import Pool

T = TypeVar("T")


class Operations:
    """The way from the gateway's nouns and verbs to a session of the pool. Used on the event loop."""

    def __init__(self, pool: Pool[MailSession]) -> None:
        """Take the pool."""
        self._pool = pool
        self._epochs = Epochs()
        self._capabilities: OrderedDict[AccountId, Capabilities] = OrderedDict()

    async def run(
        self,
        account_id: AccountId,
        mailbox: str | None,
        operation: Callable[[MailSession, float], T],
        timeout: float,
        name: str,
        *,
        interactive: bool = True,
        repeatable: bool = True,
        writes: bool = False,
    ) -> T:
        """Run on the pool, and remember what the server of that connection can do. See `Pool.run`."""

        def work(session: MailSession, deadline: float) -> tuple[T, Capabilities]:
            return operation(session, deadline), session.capabilities()

        epoch = self.epoch(account_id)
        answer, capabilities = await self._pool.run(
            account_id, mailbox, work, timeout, interactive, name=name, repeatable=repeatable, writes=writes
        )
        if not epoch.is_over:
            self._capabilities[account_id] = capabilities
            self._capabilities.move_to_end(account_id)
            if len(self._capabilities) > CAPABILITIES:
                self._capabilities.popitem(last=False)
        return answer

    async def capabilities(self, account_id: AccountId, timeout: float) -> Capabilities:
        """Tell what the server said at the last login; logs in when none is remembered."""
        known = self._capabilities.get(account_id)
        if known is not None:
            return known

        def operation(session: MailSession, deadline: float) -> Capabilities:  # noqa: ARG001  # asks nothing
            return session.capabilities()

        return await self.run(account_id, None, operation, timeout, "capabilities")

    def leave(self, account_id: AccountId, mailbox: str) -> None:
        """Use no connection again that is in a mailbox which is no longer there. See `Pool.leave`."""
        self._pool.leave(account_id, mailbox)

    def epoch(self, account_id: AccountId) -> Epoch:
        """The account's epoch; what an operation learned is kept only while the one it began in lasts."""
        return self._epochs.current(account_id)

    def forget(self, account_id: AccountId) -> None:
        """End the account's epoch."""
        self._epochs.end(account_id)
        self._capabilities.pop(account_id, None)
