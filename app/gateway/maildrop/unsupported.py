"""What no maildrop can do, each refused by the name of the ability."""

# ruff: noqa: ARG002 - the signatures are the port's

from typing import NoReturn

from app.domain.edits import Appended, MessageSet, MessageSource, MoveReport
from app.domain.errors import NotSupportedByServer
from app.domain.ids import AccountId
from app.domain.lookup import Conversations, MatchingUids, MatchQuery, RowsQuery, SearchQuery, SearchRows
from app.domain.query import Row


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


class NoLookups:
    """The verbs of search, which POP3 has not. Every method raises NotSupportedByServer."""

    async def search(self, account_id: AccountId, query: SearchQuery, timeout: float) -> SearchRows:
        """Refuse."""
        _cannot("search")

    async def matching(self, account_id: AccountId, query: MatchQuery, most: int, timeout: float) -> MatchingUids:
        """Refuse."""
        _cannot("search")

    async def rows(self, account_id: AccountId, query: RowsQuery, timeout: float) -> tuple[Row, ...]:
        """Refuse."""
        _cannot("search")

    async def conversations(self, account_id: AccountId, mailbox: str, timeout: float) -> Conversations:
        """Refuse."""
        _cannot("threads")

    async def members(self, account_id: AccountId, mailbox: str, server_id: str, timeout: float) -> MatchingUids:
        """Refuse."""
        _cannot("threads")


def _cannot(capability: str) -> NoReturn:
    raise NotSupportedByServer("A POP3 server does not search.", capability)


def _refuse(capability: str) -> NoReturn:
    raise NotSupportedByServer("A POP3 server has one mailbox, which can only be read.", capability)
