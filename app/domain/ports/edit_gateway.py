"""Changing an account's mail, wherever its connections are."""

from typing import Protocol

from app.domain.edits import Appended, FlagEdit, FlagOutcome, MessageSet, MessageSource, MoveReport
from app.domain.ids import AccountId


class EditGateway(Protocol):
    """What sessions can do to mail (`app.domain.ports.editing`), on an account.

    Each call waits at most `timeout` seconds, the wait for a connection included. A caller who is told of an error
    knows that nothing was changed, but for OutcomeUnknown, and for UpstreamUnavailable and UpstreamTimeout of changes
    to mailboxes: there nobody knows. Calls about a set of messages tell even then, message by message. Raises
    NotSupportedByServer when the account's server has none of it. What was changed is seen by every call that begins
    afterwards.
    """

    async def store_flags(
        self, account_id: AccountId, messages: MessageSet, edit: FlagEdit, unchanged_since: int | None, timeout: float
    ) -> tuple[FlagOutcome, ...]:
        """Add and remove flags and tell what each message has then: one round trip. See `FlagSession`."""

    async def move(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        """Move messages to another mailbox. See `MoveSession`."""

    async def copy(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        """Copy messages to a mailbox. See `MoveSession`."""

    async def erase(self, account_id: AccountId, messages: MessageSet, timeout: float) -> MoveReport:
        """Remove messages for good. See `MoveSession`."""

    async def append(
        self,
        account_id: AccountId,
        mailbox: str,
        message: MessageSource,
        flags: tuple[str, ...],
        received: str | None,
        timeout: float,
    ) -> Appended:
        """Store a message. See `AppendSession`."""

    async def create_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        """Make a mailbox. See `MailboxEditSession`."""

    async def rename_mailbox(self, account_id: AccountId, name: str, new_name: str, timeout: float) -> None:
        """Rename a mailbox. See `MailboxEditSession`."""

    async def delete_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        """Delete a mailbox with all that is in it. See `MailboxEditSession`."""

    async def subscribe(self, account_id: AccountId, name: str, is_subscribed: bool, timeout: float) -> None:
        """Subscribe to a mailbox or unsubscribe. See `MailboxEditSession`."""
