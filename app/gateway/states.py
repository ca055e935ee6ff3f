"""The state of mailboxes, for those who watch: background work on the pool."""

from collections.abc import Callable
from typing import TypeVar

from app.domain.errors import NotSupportedByServer
from app.domain.ids import AccountId
from app.domain.looks import FlagRows, UidListing, UidWindow
from app.domain.mailbox import MailboxFacts
from app.domain.ports import MailSession, StateSession
from app.gateway.operations import Operations

T = TypeVar("T")


class States:
    """`WatchGateway` on the pool of this process."""

    def __init__(self, operations: Operations) -> None:
        """Take the way to sessions."""
        self._operations = operations

    async def changes_since(
        self, account_id: AccountId, mailbox: str, modseq: int | None, window: UidWindow, timeout: float
    ) -> FlagRows:
        """Tell the flags of a window's messages. See `StateSession`."""
        return await self._run(
            account_id, mailbox, lambda session, end: session.changes_since(mailbox, modseq, window, end), timeout
        )

    async def uids(self, account_id: AccountId, mailbox: str, timeout: float) -> UidListing:
        """List every UID there is. See `StateSession`."""
        return await self._run(account_id, mailbox, lambda session, end: session.uids(mailbox, end), timeout)

    async def watched_mailboxes(self, account_id: AccountId, timeout: float) -> tuple[MailboxFacts, ...]:
        """List the mailboxes with counts, as background work.

        Of the mailbox a connection is in, servers tell what the connection has heard so far (Dovecot): it is made to
        hear the rest first.
        """

        def operation(session: MailSession, deadline: float) -> tuple[MailboxFacts, ...]:
            if session.selected is not None:
                session.ping(deadline)
            return session.mailboxes(deadline)

        return await self._operations.run(account_id, None, operation, timeout, "mailboxes", interactive=False)

    async def _run(
        self, account_id: AccountId, mailbox: str, ask: Callable[[StateSession, float], T], timeout: float
    ) -> T:
        def operation(session: MailSession, deadline: float) -> T:
            if not isinstance(session, StateSession):
                raise NotSupportedByServer("This server keeps no state that can be compared.", "changes")
            return ask(session, deadline)

        return await self._operations.run(account_id, mailbox, operation, timeout, "watch", interactive=False)
