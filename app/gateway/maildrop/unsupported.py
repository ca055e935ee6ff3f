"""What no maildrop can do, each refused by the name of the ability."""

# ruff: noqa: ARG002 - the signatures are the port's

from typing import NoReturn

from app.domain.edits import Appended, MessageSet, MessageSource, MoveReport
from app.domain.errors import NotSupportedByServer
from app.domain.ids import AccountId


class NoEdits:
    """The verbs of mailboxes and of places in them. Every method raises NotSupportedByServer."""

    async def move(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        """Refuse: there is nowhere to move to."""
        _refuse("move")

    async def copy(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        """Refuse: there is nowhere to copy to."""
        _refuse("move")

    async def erase(self, account_id: AccountId, messages: MessageSet, timeout: float) -> MoveReport:
        """Refuse: messages are left on the server."""
        _refuse("delete")

    async def append(
        self,
        account_id: AccountId,
        mailbox: str,
        message: MessageSource,
        flags: tuple[str, ...],
        received: str | None,
        timeout: float,
    ) -> Appended:
        """Refuse: a maildrop is filled by delivery alone."""
        _refuse("append")

    async def create_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        """Refuse: there is the inbox alone."""
        _refuse("mailbox_edits")

    async def rename_mailbox(self, account_id: AccountId, name: str, new_name: str, timeout: float) -> None:
        """Refuse: there is the inbox alone."""
        _refuse("mailbox_edits")

    async def delete_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        """Refuse: there is the inbox alone."""
        _refuse("mailbox_edits")

    async def subscribe(self, account_id: AccountId, name: str, is_subscribed: bool, timeout: float) -> None:
        """Refuse: there is the inbox alone."""
        _refuse("mailbox_edits")


def _refuse(capability: str) -> NoReturn:
    raise NotSupportedByServer("A POP3 server has one mailbox, which can only be read.", capability)
