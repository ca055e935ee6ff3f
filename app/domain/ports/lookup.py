"""Searching and grouping an account's mail: on a session, and wherever the account's connections are."""

from collections.abc import Container, Mapping, Sequence
from typing import Protocol, runtime_checkable

from app.domain.ids import AccountId, Uid
from app.domain.lookup import Conversations, Matches, MatchingUids, MatchQuery, RowsQuery, SearchQuery, SearchRows
from app.domain.query import Row


@runtime_checkable
class SearchSession(Protocol):
    """Finds messages (RFC 9051 section 6.4.4). The contract of `MailSession` holds."""

    def find(self, query: MatchQuery, deadline: float) -> Matches:
        """Tell which messages answer: one round trip, another mailbox included; more where the server lacks a charset
        or a term.

        Raises NotFound for a mailbox that is not there, CursorExpired when `query.uidvalidity` is not its any more,
        NotSupportedByServer for a sort or for terms that neither side can run.
        """

    def rows(self, query: RowsQuery, known: Container[Uid], deadline: float) -> tuple[Row, ...]:
        """Fetch rows in the order asked, in one round trip; those whose UID is in `known` come with flags alone, and
        messages that are gone are left out. Raises StaleReference when the mailbox is another.
        """

    def received(
        self, mailbox: str, uidvalidity: int, uids: Sequence[Uid], deadline: float
    ) -> Mapping[Uid, float | None]:
        """Tell INTERNALDATE in Unix seconds, in one round trip; messages that are gone are left out."""


@runtime_checkable
class ConversationSession(Protocol):
    """Groups messages into conversations (RFC 8474, X-GM-EXT-1, RFC 5256)."""

    def conversations(self, mailbox: str, deadline: float) -> Conversations:
        """Group a mailbox in one round trip, by the best the server has; without any, by the references of its newest
        messages. Raises NotFound.
        """

    def members(self, mailbox: str, server_id: str, deadline: float) -> MatchingUids:
        """Find the messages of a mailbox in a conversation named by the server's id.

        Raises NotFound, and NotSupportedByServer where there are no such ids.
        """


class LookupGateway(Protocol):
    """What sessions can find, on an account. Each call waits at most `timeout` seconds.

    Raises NotSupportedByServer when the account's server has none of it.
    """

    async def search(self, account_id: AccountId, query: SearchQuery, timeout: float) -> SearchRows:
        """Answer a page of a search: two round trips, the mailbox entered and the rows fetched.

        Raises NotFound, CursorExpired, NotSupportedByServer.
        """

    async def matching(self, account_id: AccountId, query: MatchQuery, most: int, timeout: float) -> MatchingUids:
        """Tell the newest messages that answer, at most `most`: for those who then do something to all of them."""

    async def rows(self, account_id: AccountId, query: RowsQuery, timeout: float) -> tuple[Row, ...]:
        """Answer rows of messages named by UID, in the order asked, with their facts; those that are gone are left out.

        Raises StaleReference when the mailbox is another.
        """

    async def conversations(self, account_id: AccountId, mailbox: str, timeout: float) -> Conversations:
        """Group a mailbox into conversations. Raises NotFound."""

    async def members(self, account_id: AccountId, mailbox: str, server_id: str, timeout: float) -> MatchingUids:
        """Find the messages of a mailbox in a conversation named by the server's id."""
