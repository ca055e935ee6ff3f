"""Operations on an account's mail, done by this process."""

import asyncio

from app.domain.account import ConnectPlan
from app.domain.capabilities import CheckReport
from app.domain.ids import AccountId
from app.domain.mailbox import MailboxFacts
from app.domain.ports import Clock, MailSession, SessionFactory
from app.gateway.check import check_work
from app.gateway.edits import Edits
from app.gateway.lookups import Lookups
from app.gateway.mailbox_edits import MailboxEdits
from app.gateway.opened import OpenedMessages
from app.gateway.operations import Operations
from app.gateway.pages import CacheMeter, Pages
from app.gateway.sections import Sections
from app.gateway.states import States
from app.gateway.structure_cache import StructureCache
from app.gateway.summary_cache import SummaryCache
from app.pool.pool import Pool


class LocalGateway:
    """`MailGateway` and `WatchGateway` on the pool of this process, each verb from the noun that has it.

    Summaries and structures come from caches where they can; flags, counts and order always come from the server.
    """

    def __init__(
        self,
        pool: Pool[MailSession],
        factory: SessionFactory[MailSession],
        summaries: SummaryCache,
        structures: StructureCache,
        clock: Clock,
        meter: CacheMeter | None = None,
    ) -> None:
        """Take the pool; `factory` is for checks, which stay outside of it."""
        self._pool = pool
        self._factory = factory
        self._operations = operations = Operations(pool)
        self._pages = pages = Pages(operations, summaries, clock, meter)
        self._opened = opened = OpenedMessages(operations, structures)
        sections, edits = Sections(operations), Edits(operations, structures)
        mailbox_edits = MailboxEdits(operations, summaries, structures)
        lookups = Lookups(operations, summaries)
        self.capabilities = operations.capabilities
        states = States(operations)
        self.watched_mailboxes = states.watched_mailboxes
        self.changes_since, self.uids = states.changes_since, states.uids
        self.page = pages.page
        self.message, self.structure, self.structures = opened.message, opened.structure, opened.structures
        self.search, self.matching, self.rows = lookups.search, lookups.matching, lookups.rows
        self.conversations, self.members = lookups.conversations, lookups.members
        self.sections, self.many_sections, self.stream = sections.sections, sections.many_sections, sections.stream
        self.store_flags, self.append = edits.store_flags, edits.append
        self.move, self.copy, self.erase = edits.move, edits.copy, edits.erase
        self.create_mailbox, self.rename_mailbox = mailbox_edits.create_mailbox, mailbox_edits.rename_mailbox
        self.delete_mailbox, self.subscribe = mailbox_edits.delete_mailbox, mailbox_edits.subscribe

    async def mailboxes(self, account_id: AccountId, timeout: float) -> tuple[MailboxFacts, ...]:
        """List the mailboxes with counts."""

        def operation(session: MailSession, deadline: float) -> tuple[MailboxFacts, ...]:
            return session.mailboxes(deadline)

        return await self._operations.run(account_id, None, operation, timeout, "mailboxes")

    async def check(self, plan: ConnectPlan, timeout: float) -> CheckReport:
        """Connect afresh and tell each step: outside the account's budget and backoff, within the host's ceiling and
        pace of logins. Raises TooManyConnections and ShuttingDown, never for a failure of the server.
        """
        return await self._pool.probe(plan.incoming, check_work(self._factory, plan, _count_mailboxes), timeout)

    async def forget(self, account_id: AccountId) -> None:
        """Drop what is cached, connections and backoff. What still runs is not cached when it ends."""
        self._operations.forget(account_id)
        self._pages.forget(account_id)
        self._opened.forget(account_id)
        await asyncio.shield(self._pool.forget(account_id))


def _count_mailboxes(session: MailSession, deadline: float) -> str:
    count = len(session.mailboxes(deadline))
    return f"{count} mailbox{'' if count == 1 else 'es'}"
