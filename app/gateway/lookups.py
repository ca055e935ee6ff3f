"""Searching and grouping mail: one lease of a connection for each question, whatever it takes."""

from collections.abc import Callable
from typing import TypeVar

from app.domain.errors import NotSupportedByServer
from app.domain.ids import AccountId
from app.domain.lookup import Conversations, MatchingUids, MatchQuery, RowsQuery, SearchQuery, SearchRows
from app.domain.ports import ConversationSession, MailSession, SearchSession
from app.domain.query import Row
from app.gateway.operations import Operations
from app.gateway.scan import Scan
from app.gateway.search_pages import search_page
from app.gateway.summary_cache import SummaryCache

_T = TypeVar("_T")


class Lookups:
    """The searches of every account. See `LookupGateway`. Summaries come from the cache of the pages and go there."""

    def __init__(self, operations: Operations, summaries: SummaryCache) -> None:
        """Take the way to sessions and the cache."""
        self._operations = operations
        self._summaries = summaries

    async def search(self, account_id: AccountId, query: SearchQuery, timeout: float) -> SearchRows:
        """Answer a page of a search."""

        def work(scan: Scan) -> tuple[SearchRows, int]:
            page = search_page(scan, query)
            return page, page.uidvalidity

        return await self._scan(account_id, query.mailbox, work, timeout, "search", with_preview=query.with_preview)

    async def matching(self, account_id: AccountId, query: MatchQuery, most: int, timeout: float) -> MatchingUids:
        """Tell the newest messages that answer."""

        def work(scan: Scan) -> tuple[MatchingUids, int]:
            found = scan.all_of(query, most)
            return found, found.uidvalidity

        return await self._scan(account_id, query.mailbox, work, timeout, "search")

    async def rows(self, account_id: AccountId, query: RowsQuery, timeout: float) -> tuple[Row, ...]:
        """Answer rows of messages named by UID."""

        def work(scan: Scan) -> tuple[tuple[Row, ...], int]:
            rows = scan.rows(
                query.uidvalidity, query.uids, with_preview=query.with_preview, with_facts=query.with_facts
            )
            return rows, query.uidvalidity

        return await self._scan(account_id, query.mailbox, work, timeout, "rows", with_preview=query.with_preview)

    async def conversations(self, account_id: AccountId, mailbox: str, timeout: float) -> Conversations:
        """Group a mailbox into conversations."""

        def operation(session: MailSession, deadline: float) -> Conversations:
            return _grouping(session).conversations(mailbox, deadline)

        return await self._operations.run(account_id, mailbox, operation, timeout, "conversations")

    async def members(self, account_id: AccountId, mailbox: str, server_id: str, timeout: float) -> MatchingUids:
        """Find the messages of a conversation named by the server's id."""

        def operation(session: MailSession, deadline: float) -> MatchingUids:
            return _grouping(session).members(mailbox, server_id, deadline)

        return await self._operations.run(account_id, mailbox, operation, timeout, "members")

    async def _scan(
        self,
        account_id: AccountId,
        mailbox: str,
        work: Callable[[Scan], tuple[_T, int]],
        timeout: float,
        name: str,
        *,
        with_preview: bool = False,
    ) -> _T:
        """Run a scan and keep the summaries it was told."""
        known = self._summaries.known(account_id, mailbox, with_preview)

        def operation(session: MailSession, deadline: float) -> tuple[_T, int, Scan]:
            scan = Scan(_searching(session), known, mailbox, deadline)
            answer, uidvalidity = work(scan)
            return answer, uidvalidity, scan

        epoch = self._operations.epoch(account_id)
        answer, uidvalidity, scan = await self._operations.run(account_id, mailbox, operation, timeout, name)
        if not epoch.is_over:
            self._summaries.learn(account_id, mailbox, uidvalidity, scan.told, with_preview)
            self._summaries.touch(account_id, mailbox, scan.cached)
        return answer


def _searching(session: MailSession) -> SearchSession:
    if not isinstance(session, SearchSession):
        raise NotSupportedByServer("The mail server does not search.", "search")
    return session


def _grouping(session: MailSession) -> ConversationSession:
    if not isinstance(session, ConversationSession):
        raise NotSupportedByServer("The mail server has no conversations.", "threads")
    return session
