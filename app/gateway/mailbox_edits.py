"""Changes of mailboxes. None of them is done twice but a subscription."""

from collections.abc import Callable

from app.domain.errors import NotSupportedByServer, UpstreamTimeout, UpstreamUnavailable
from app.domain.ids import AccountId
from app.domain.ports import MailboxEditSession, MailSession
from app.gateway.operations import Operations
from app.gateway.structure_cache import StructureCache
from app.gateway.summary_cache import SummaryCache


class MailboxEdits:
    """The changes of mailboxes. See `EditGateway`."""

    def __init__(self, operations: Operations, summaries: SummaryCache, structures: StructureCache) -> None:
        """Take the way to sessions, and the caches that have to hear of mailboxes that went."""
        self._operations = operations
        self._summaries = summaries
        self._structures = structures

    async def create_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        """Make a mailbox."""

        def act(session: MailboxEditSession, deadline: float) -> None:
            session.create_mailbox(name, deadline)

        await self._change(account_id, act, timeout, "create_mailbox")

    async def rename_mailbox(self, account_id: AccountId, name: str, new_name: str, timeout: float) -> None:
        """Rename a mailbox."""

        def act(session: MailboxEditSession, deadline: float) -> None:
            session.rename_mailbox(name, new_name, deadline)

        await self._change(account_id, act, timeout, "rename_mailbox", leaves=name)

    async def delete_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        """Delete a mailbox with all that is in it."""

        def act(session: MailboxEditSession, deadline: float) -> None:
            session.delete_mailbox(name, deadline)

        await self._change(account_id, act, timeout, "delete_mailbox", leaves=name)

    async def subscribe(self, account_id: AccountId, name: str, is_subscribed: bool, timeout: float) -> None:
        """Subscribe to a mailbox or unsubscribe."""

        def act(session: MailboxEditSession, deadline: float) -> None:
            session.subscribe(name, is_subscribed, deadline)

        await self._change(account_id, act, timeout, "subscribe", repeatable=True)

    async def _change(
        self,
        account_id: AccountId,
        act: Callable[[MailboxEditSession, float], None],
        timeout: float,
        name: str,
        *,
        repeatable: bool = False,
        leaves: str | None = None,
    ) -> None:
        """Run a change. What is known of a mailbox it takes away is dropped, also when nobody knows whether it did."""

        def operation(session: MailSession, deadline: float) -> None:
            if not isinstance(session, MailboxEditSession):
                raise NotSupportedByServer("The mail server has one mailbox alone.", "mailbox_edits")
            act(session, deadline)

        try:
            await self._operations.run(account_id, None, operation, timeout, name, repeatable=repeatable)
        except (UpstreamUnavailable, UpstreamTimeout):
            self._leave(account_id, leaves)
            raise
        self._leave(account_id, leaves)

    def _leave(self, account_id: AccountId, mailbox: str | None) -> None:
        if mailbox is not None:
            self._operations.leave(account_id, mailbox)
            self._summaries.forget_within(account_id, mailbox)
            self._structures.forget_within(account_id, mailbox)
