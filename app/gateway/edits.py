"""Changes of mail. Nothing here is done twice: what a lost connection leaves open is told, not tried again."""

from app.domain.edits import Appended, FlagEdit, FlagOutcome, MessageSet, MessageSource, MoveReport
from app.domain.errors import NotSupportedByServer
from app.domain.ids import AccountId
from app.domain.ports import AppendSession, FlagSession, MailboxEditSession, MailSession, MoveSession
from app.gateway.operations import Operations


class Edits:
    """The changes of messages. See `EditGateway`."""

    def __init__(self, operations: Operations) -> None:
        """Take the way to sessions."""
        self._operations = operations

    async def store_flags(
        self, account_id: AccountId, messages: MessageSet, edit: FlagEdit, unchanged_since: int | None, timeout: float
    ) -> tuple[FlagOutcome, ...]:
        """Add and remove flags and tell what each message has then."""

        def operation(session: MailSession, deadline: float) -> tuple[FlagOutcome, ...]:
            if not isinstance(session, FlagSession):
                raise NotSupportedByServer("The mail server keeps no flags.", "flags")
            return session.store_flags(messages, edit, unchanged_since, deadline)

        return await self._operations.run(account_id, messages.mailbox, operation, timeout, "store_flags")

    async def move(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        """Move messages to another mailbox."""

        def operation(session: MailSession, deadline: float) -> MoveReport:
            return _moving(session).move(messages, to, deadline)

        return await self._operations.run(account_id, messages.mailbox, operation, timeout, "move")

    async def copy(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        """Copy messages to a mailbox."""

        def operation(session: MailSession, deadline: float) -> MoveReport:
            return _moving(session).copy(messages, to, deadline)

        return await self._operations.run(account_id, messages.mailbox, operation, timeout, "copy")

    async def erase(self, account_id: AccountId, messages: MessageSet, timeout: float) -> MoveReport:
        """Remove messages for good."""

        def operation(session: MailSession, deadline: float) -> MoveReport:
            return _moving(session).erase(messages, deadline)

        return await self._operations.run(account_id, messages.mailbox, operation, timeout, "erase")

    async def append(
        self,
        account_id: AccountId,
        mailbox: str,
        message: MessageSource,
        flags: tuple[str, ...],
        received: str | None,
        timeout: float,
    ) -> Appended:
        """Store a message."""

        def operation(session: MailSession, deadline: float) -> Appended:
            if not isinstance(session, AppendSession):
                raise NotSupportedByServer("The mail server takes no messages.", "append")
            return session.append(mailbox, message, flags, received, deadline)

        return await self._operations.run(account_id, None, operation, timeout, "append")


class MailboxEdits:
    """The changes of mailboxes. See `EditGateway`."""

    def __init__(self, operations: Operations) -> None:
        """Take the way to sessions."""
        self._operations = operations

    async def create_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        """Make a mailbox."""

        def operation(session: MailSession, deadline: float) -> None:
            _editing(session).create_mailbox(name, deadline)

        await self._operations.run(account_id, None, operation, timeout, "create_mailbox")

    async def rename_mailbox(self, account_id: AccountId, name: str, new_name: str, timeout: float) -> None:
        """Rename a mailbox."""

        def operation(session: MailSession, deadline: float) -> None:
            _editing(session).rename_mailbox(name, new_name, deadline)

        await self._operations.run(account_id, None, operation, timeout, "rename_mailbox")

    async def delete_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        """Delete a mailbox with all that is in it."""

        def operation(session: MailSession, deadline: float) -> None:
            _editing(session).delete_mailbox(name, deadline)

        await self._operations.run(account_id, None, operation, timeout, "delete_mailbox")

    async def subscribe(self, account_id: AccountId, name: str, is_subscribed: bool, timeout: float) -> None:
        """Subscribe to a mailbox or unsubscribe."""

        def operation(session: MailSession, deadline: float) -> None:
            _editing(session).subscribe(name, is_subscribed, deadline)

        await self._operations.run(account_id, None, operation, timeout, "subscribe")


def _moving(session: MailSession) -> MoveSession:
    if not isinstance(session, MoveSession):
        raise NotSupportedByServer("The mail server moves no messages.", "move")
    return session


def _editing(session: MailSession) -> MailboxEditSession:
    if not isinstance(session, MailboxEditSession):
        raise NotSupportedByServer("The mail server has one mailbox alone.", "mailboxes")
    return session
