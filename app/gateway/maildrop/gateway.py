"""Operations on accounts whose server is a maildrop: one mailbox, whose state the service keeps."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from app.domain.account import ConnectPlan, IncomingServer
from app.domain.capabilities import Capabilities, CheckReport
from app.domain.edits import FlagEdit, FlagOutcome, ItemState, MessageSet
from app.domain.errors import CursorExpired, NotFound, NotSupportedByServer, StaleReference
from app.domain.ids import AccountId, Seq, Uid
from app.domain.mailbox import MailboxFacts
from app.domain.maildrop import MaildropHeader, MaildropRow
from app.domain.message import MessageFacts, SummaryFacts
from app.domain.ports import BodyCache, Clock, MaildropSession, MaildropStore, SessionFactory
from app.domain.query import MessageAddress, PageQuery, PageRows, Row, SectionRange
from app.gateway.check import check_work
from app.gateway.limits import STREAM_CHUNK
from app.gateway.maildrop.bodies import Bodies
from app.gateway.maildrop.limits import FRESH
from app.gateway.maildrop.looks import Looks, MaildropRunner
from app.gateway.maildrop.lookups import MaildropLookups
from app.gateway.maildrop.states import INBOX, MaildropStates
from app.gateway.maildrop.unsupported import NoEdits
from app.mime.summary import unread_summary

T = TypeVar("T")


class MaildropPool(MaildropRunner, Protocol):
    """The sessions of this process, one an account. See `Pool`."""

    async def probe(self, incoming: IncomingServer, work: Callable[[float], T], timeout: float) -> T:
        """Do `work(deadline)`, which connects by itself, in a thread."""

    async def forget(self, account_id: AccountId) -> None:
        """Close the account's connections and drop its backoff."""


class MaildropGateway(NoEdits):
    """`MailGateway` for maildrops. Lists come from the store, after a look when the last one is not fresh; bodies are
    downloaded once; flags live in the store alone, so that every device agrees.
    """

    def __init__(
        self,
        pool: MaildropPool,
        factory: SessionFactory[MaildropSession],
        store: MaildropStore,
        cache: BodyCache,
        clock: Clock,
        watch_interval: float,
    ) -> None:
        """Take the sessions, where maildrops are kept, and where bodies are; `factory` is for checks.

        A watcher's round, which comes each `watch_interval` seconds, looks anew unless a look was half as long ago.
        """
        self._pool = pool
        self._factory = factory
        self._store = store
        self._looks = Looks(pool, store, clock)
        self._bodies = Bodies(pool, self._looks, store, cache)
        lookups = MaildropLookups(self._looks, store)
        self.search, self.matching, self.rows = lookups.search, lookups.matching, lookups.rows
        self.conversations, self.members = lookups.conversations, lookups.members
        self._states = states = MaildropStates(self._looks, store, watch_interval / 2)
        self.watched_mailboxes = states.watched_mailboxes
        self.changes_since, self.uids = states.changes_since, states.uids
        self._capabilities: dict[AccountId, Capabilities] = {}

    async def mailboxes(self, account_id: AccountId, timeout: float) -> tuple[MailboxFacts, ...]:
        """Tell the one mailbox there is, with its counts."""
        header = await self._looks.refresh(account_id, timeout, max_age=FRESH)
        return await self._states.inbox(account_id, header)

    async def page(self, account_id: AccountId, query: PageQuery, timeout: float) -> PageRows:
        """Answer a page; headers of it that were not read yet are read now, before all others."""
        header = await self._entered(account_id, query.mailbox, timeout)
        if query.uidvalidity not in {None, header.uidvalidity}:
            raise CursorExpired("This maildrop is not the one that the cursor was made for; list it again.")
        rows = await self._store.page(account_id, query.before_uid, query.limit + 1)
        unread = [row.uid for row in rows[: query.limit] if row.facts is None] if query.with_facts else []
        if unread:
            await self._looks.refresh(account_id, timeout, max_age=0.0, first=unread)
            rows = await self._store.page(account_id, query.before_uid, query.limit + 1)
        total, _ = await self._store.counts(account_id)
        shown = tuple(_shown(row, query) for row in rows[: query.limit])
        return PageRows(header.uidvalidity, total, None, shown, has_more=len(rows) > query.limit)

    async def message(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        """Tell all about a message; it is downloaded unless the cache has it."""
        await self._require(account_id, address.mailbox, address.uidvalidity)
        return await self._bodies.open(account_id, address, timeout)

    async def structure(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        """The same as `message`: flags cost nothing here."""
        return await self.message(account_id, address, timeout)

    async def structures(
        self, account_id: AccountId, mailbox: str, uidvalidity: int, uids: Sequence[Uid], timeout: float
    ) -> Mapping[Uid, MessageFacts]:
        """Like `structure` for many, one download after the other; those that are gone are left out."""
        found = {}
        for uid in dict.fromkeys(uids):
            try:
                found[uid] = await self.message(account_id, MessageAddress(mailbox, uidvalidity, uid), timeout)
            except StaleReference:
                continue
        return found

    async def sections(
        self, account_id: AccountId, address: MessageAddress, wanted: Sequence[SectionRange], timeout: float
    ) -> tuple[bytes, ...]:
        """Read section bytes from the cache, after a download when they are not there."""
        await self._require(account_id, address.mailbox, address.uidvalidity)
        return await self._bodies.sections(account_id, address, wanted, timeout)

    async def many_sections(
        self,
        account_id: AccountId,
        mailbox: str,
        uidvalidity: int,
        wanted: Mapping[Uid, Sequence[SectionRange]],
        timeout: float,
    ) -> Mapping[Uid, tuple[bytes, ...]]:
        """Like `sections` for many messages; those that are gone are left out."""
        found = {}
        for uid, ranges in wanted.items():
            try:
                found[uid] = await self.sections(account_id, MessageAddress(mailbox, uidvalidity, uid), ranges, timeout)
            except StaleReference:
                continue
        return found

    async def stream(
        self, account_id: AccountId, address: MessageAddress, section: str, timeout: float
    ) -> AsyncIterator[bytes]:
        """Yield a section chunk by chunk, from the cache."""
        offset = 0
        while True:
            wanted = (SectionRange(section, offset, STREAM_CHUNK),)
            (chunk,) = await self.sections(account_id, address, wanted, timeout)
            if chunk:
                yield chunk
            if len(chunk) < STREAM_CHUNK:
                return
            offset += len(chunk)

    async def store_flags(
        self,
        account_id: AccountId,
        messages: MessageSet,
        edit: FlagEdit,
        unchanged_since: int | None,
        timeout: float,  # noqa: ARG002
    ) -> tuple[FlagOutcome, ...]:
        """Change the flags the service keeps; the mail server is not asked."""
        if unchanged_since is not None:
            raise NotSupportedByServer("A maildrop has no numbers for its changes.", "CONDSTORE")
        await self._require(account_id, messages.mailbox, messages.uidvalidity)
        flags = await self._store.store_flags(account_id, messages.uids, edit)
        return tuple(
            FlagOutcome(uid, ItemState.DONE, flags[uid]) if uid in flags else FlagOutcome(uid, ItemState.GONE)
            for uid in messages.uids
        )

    async def capabilities(self, account_id: AccountId, timeout: float) -> Capabilities:
        """Tell what the account can do, as the server showed it first; logs in when nothing is known."""
        known = self._capabilities.get(account_id)
        if known is None:

            def operation(session: MaildropSession, deadline: float) -> Capabilities:
                session.survey((), (), 0, deadline)
                return session.capabilities()

            known = await self._pool.run(account_id, INBOX, operation, timeout, name="capabilities")
            self._capabilities[account_id] = known
        return known

    async def check(self, plan: ConnectPlan, timeout: float) -> CheckReport:
        """Connect afresh and tell each step. Raises TooManyConnections and ShuttingDown."""
        return await self._pool.probe(plan.incoming, check_work(self._factory, plan, _count_messages), timeout)

    async def forget(self, account_id: AccountId) -> None:
        """Drop what is cached, bodies on disk too, connections and backoff; summaries and flags stay."""
        self._capabilities.pop(account_id, None)
        await self._bodies.erase(account_id)
        await asyncio.shield(self._pool.forget(account_id))

    async def _entered(self, account_id: AccountId, mailbox: str, timeout: float) -> MaildropHeader:
        if mailbox != INBOX:
            raise NotFound("A maildrop has an inbox alone.")
        return await self._looks.refresh(account_id, timeout, max_age=FRESH)

    async def _require(self, account_id: AccountId, mailbox: str, uidvalidity: int) -> None:
        header = await self._store.header(account_id)
        if mailbox != INBOX or header is None or header.uidvalidity != uidvalidity:
            raise StaleReference("This maildrop is not the one that the message was in; list it again.")


def _shown(row: MaildropRow, query: PageQuery) -> Row:
    if not query.with_facts:
        return Row(row.uid, Seq(0), row.flags, None)
    facts: SummaryFacts = row.facts or unread_summary(row.uid, row.size)
    return Row(row.uid, Seq(0), row.flags, facts if query.with_preview else replace(facts, preview=None))


def _count_messages(session: MaildropSession, deadline: float) -> str:
    survey = session.survey((), (), 0, deadline)
    count = len(survey.arrivals)
    return f"{count} message{'' if count == 1 else 's'}"
