"""Operations on an account's mail, done by this process."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Container, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from app.domain.account import ConnectPlan
from app.domain.capabilities import Capabilities, CheckReport
from app.domain.errors import StaleReference
from app.domain.ids import AccountId, Uid
from app.domain.mailbox import MailboxFacts
from app.domain.message import MessageFacts
from app.domain.ports import Clock, MailSession, SessionFactory
from app.domain.query import MessageAddress, PageQuery, PageRows, Row, SectionRange
from app.gateway.check import check_work
from app.gateway.epoch import Epochs
from app.gateway.limits import CAPABILITIES, STREAM_CHUNK
from app.gateway.structure_cache import StructureCache
from app.gateway.summary_cache import EVERY_UID, KnownSummaries, SummaryCache
from app.pool.pool import Pool

T = TypeVar("T")


class CacheMeter(Protocol):
    """Counts what the summary cache does. Must not block or raise."""

    def count_cache(self, hits: int, misses: int) -> None:
        """Rows of a page were in the cache, or were not."""

    def set_cache_size(self, size: int, entries: int) -> None:
        """Bytes and summaries in the cache."""


class LocalGateway:
    """`MailGateway` on the pool of this process.

    Summaries and structures come from caches where they can; flags, counts and order always come from the server.
    """

    def __init__(
        self,
        pool: Pool,
        factory: SessionFactory,
        summaries: SummaryCache,
        structures: StructureCache,
        clock: Clock,
        meter: CacheMeter | None = None,
    ) -> None:
        """Take the pool; `factory` is for checks, which stay outside of it."""
        self._meter = meter
        self._pool = pool
        self._factory = factory
        self._summaries = summaries
        self._structures = structures
        self._clock = clock
        self._epochs = Epochs()
        self._capabilities: OrderedDict[AccountId, Capabilities] = OrderedDict()

    async def mailboxes(self, account_id: AccountId, timeout: float) -> tuple[MailboxFacts, ...]:
        """List the mailboxes with counts."""

        def operation(session: MailSession, deadline: float) -> tuple[MailboxFacts, ...]:
            return session.mailboxes(deadline)

        return await self._run(account_id, None, operation, timeout, "mailboxes")

    async def page(self, account_id: AccountId, query: PageQuery, timeout: float) -> PageRows:
        """Answer a page; every row has its facts.

        When the mailbox has another UIDVALIDITY than the one cached under, what was told to be known was wrong, and the
        page is asked for once more with nothing known. Rows that still come without facts are of messages that have
        gone meanwhile, and are left out. Without `with_facts` no row has any.
        """
        if not query.with_facts:
            return await self._page(account_id, query, EVERY_UID, timeout)
        ends = self._clock.monotonic() + timeout
        known = self._summaries.known(account_id, query.mailbox, query.with_preview)
        rows = await self._page(account_id, query, known, timeout)
        answer = _complete(rows, known)
        if len(answer.rows) < len(rows.rows):
            nothing = KnownSummaries(None, query.with_preview)
            answer = _complete(await self._page(account_id, query, nothing, ends - self._clock.monotonic()), nothing)
        return answer

    async def message(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        """Tell all about a message but its bodies; one whose structure is cached costs its flags alone."""
        cached = self._structures.get(account_id, address)
        if cached is None:
            return await self._open(account_id, address, timeout)

        def operation(session: MailSession, deadline: float) -> tuple[str, ...]:
            return session.flags(address, deadline)

        try:
            flags = await self._run(account_id, address.mailbox, operation, timeout, "flags")
        except StaleReference:
            self._structures.drop(account_id, address)
            raise
        return replace(cached, flags=flags)

    async def structure(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        """Like `message`, but from the cache alone where it is there: its flags may be old."""
        return self._structures.get(account_id, address) or await self._open(account_id, address, timeout)

    async def sections(
        self, account_id: AccountId, address: MessageAddress, wanted: Sequence[SectionRange], timeout: float
    ) -> tuple[bytes, ...]:
        """Fetch section bytes in one round trip."""

        def operation(session: MailSession, deadline: float) -> tuple[bytes, ...]:
            return session.sections(address, wanted, deadline)

        return await self._run(account_id, address.mailbox, operation, timeout, "sections")

    async def stream(
        self, account_id: AccountId, address: MessageAddress, section: str, timeout: float
    ) -> AsyncIterator[bytes]:
        """Yield a section chunk by chunk, in constant memory; between chunks no connection is held, however slowly the
        reader takes them.
        """
        offset = 0
        while True:
            wanted = (SectionRange(section, offset, STREAM_CHUNK),)

            def operation(
                session: MailSession, deadline: float, wanted: Sequence[SectionRange] = wanted
            ) -> tuple[bytes, ...]:
                return session.sections(address, wanted, deadline)

            (chunk,) = await self._run(account_id, address.mailbox, operation, timeout, "stream", interactive=False)
            if chunk:
                yield chunk
            if len(chunk) < STREAM_CHUNK:
                return
            offset += len(chunk)

    async def capabilities(self, account_id: AccountId, timeout: float) -> Capabilities:
        """Tell what the server said at the last login; logs in when none is remembered."""
        known = self._capabilities.get(account_id)
        if known is not None:
            return known

        def operation(session: MailSession, deadline: float) -> Capabilities:  # noqa: ARG001  # asks nothing
            return session.capabilities()

        return await self._run(account_id, None, operation, timeout, "capabilities")

    async def check(self, plan: ConnectPlan, timeout: float) -> CheckReport:
        """Connect afresh and tell each step: outside the account's budget and backoff, within the host's ceiling and
        pace of logins. Raises TooManyConnections and ShuttingDown, never for a failure of the server.
        """
        return await self._pool.probe(plan.incoming, check_work(self._factory, plan), timeout)

    async def forget(self, account_id: AccountId) -> None:
        """Drop what is cached, connections and backoff. What still runs is not cached when it ends."""
        self._epochs.end(account_id)
        self._summaries.forget(account_id)
        self._tell_size()
        self._structures.forget(account_id)
        self._capabilities.pop(account_id, None)
        await asyncio.shield(self._pool.forget(account_id))

    async def _page(self, account_id: AccountId, query: PageQuery, known: Container[Uid], timeout: float) -> PageRows:
        """Ask the server, and keep what it told."""

        def operation(session: MailSession, deadline: float) -> PageRows:
            return session.page(query, known, deadline)

        epoch = self._epochs.current(account_id)
        rows = await self._run(account_id, query.mailbox, operation, timeout, "page")
        if not epoch.is_over:
            told = [row.facts for row in rows.rows if row.facts is not None]
            self._summaries.learn(account_id, query.mailbox, rows.uidvalidity, told, query.with_preview)
            cached = [row.uid for row in rows.rows if row.facts is None and query.with_facts]
            self._summaries.touch(account_id, query.mailbox, cached)
            if self._meter is not None:
                self._meter.count_cache(len(cached), len(told))
            self._tell_size()
        return rows

    def _tell_size(self) -> None:
        if self._meter is not None:
            self._meter.set_cache_size(self._summaries.size, len(self._summaries))

    async def _open(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        def operation(session: MailSession, deadline: float) -> MessageFacts:
            return session.message(address, deadline)

        epoch = self._epochs.current(account_id)
        facts = await self._run(account_id, address.mailbox, operation, timeout, "message")
        if not epoch.is_over:
            self._structures.put(account_id, address, facts)
        return facts

    async def _run(
        self,
        account_id: AccountId,
        mailbox: str | None,
        operation: Callable[[MailSession, float], T],
        timeout: float,
        name: str,
        interactive: bool = True,
    ) -> T:
        """Run on the pool, and remember what the server of that connection can do."""

        def work(session: MailSession, deadline: float) -> tuple[T, Capabilities]:
            return operation(session, deadline), session.capabilities()

        epoch = self._epochs.current(account_id)
        answer, capabilities = await self._pool.run(account_id, mailbox, work, timeout, interactive, name=name)
        if not epoch.is_over:
            self._capabilities[account_id] = capabilities
            self._capabilities.move_to_end(account_id)
            if len(self._capabilities) > CAPABILITIES:
                self._capabilities.popitem(last=False)
        return answer


def _complete(rows: PageRows, known: KnownSummaries) -> PageRows:
    """Give every row its facts; those that have none anywhere are left out."""
    is_same = known.uidvalidity == rows.uidvalidity
    full = []
    for row in rows.rows:
        facts = row.facts or (known.get(row.uid) if is_same else None)
        if facts is not None:
            full.append(Row(row.uid, row.seq, row.flags, facts))
    return replace(rows, rows=tuple(full))
