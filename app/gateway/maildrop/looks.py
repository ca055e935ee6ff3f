"""Looking into maildrops: one look at a time for each account, and none while the last one is fresh."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Sequence
from typing import Protocol, TypeVar
from weakref import WeakValueDictionary

from app.domain.errors import Conflict, UpstreamTimeout
from app.domain.ids import AccountId, Uid
from app.domain.maildrop import KnownMessage, MaildropHeader, StoredMessage, Survey
from app.domain.ports import Clock, MaildropSession, MaildropStore
from app.gateway.maildrop.ledger import judge, to_compare
from app.gateway.maildrop.limits import HEADERS_A_LOOK

T = TypeVar("T")


class MaildropRunner(Protocol):
    """Runs an operation on the one session an account may have. See `Pool.run`."""

    async def run(
        self,
        account_id: AccountId,
        mailbox: str | None,
        operation: Callable[[MaildropSession, float], T],
        timeout: float,
        interactive: bool = True,
        *,
        name: str = "operation",
    ) -> T:
        """Do `operation(session, deadline)` in a thread."""


class Looks:
    """Brings what is known of maildrops up to date."""

    def __init__(self, runner: MaildropRunner, store: MaildropStore, clock: Clock) -> None:
        """Take the way to sessions, where maildrops are kept, and the time."""
        self._runner = runner
        self._store = store
        self._clock = clock
        self._locks: WeakValueDictionary[AccountId, asyncio.Lock] = WeakValueDictionary()

    async def refresh(
        self, account_id: AccountId, timeout: float, *, max_age: float, first: Collection[Uid] = ()
    ) -> MaildropHeader:
        """Return what is known of the maildrop, after a look unless the last one is younger than `max_age` seconds.

        `first` are messages whose header is wanted now. Who comes while a look is under way waits for that one. Raises
        what the mail server's failure means; nothing has changed then.
        """
        ends = self._clock.monotonic() + timeout
        lock = self._locks.setdefault(account_id, asyncio.Lock())
        try:
            async with asyncio.timeout(timeout):
                await lock.acquire()
        except TimeoutError:
            raise UpstreamTimeout("The mail server did not answer in time.") from None
        try:
            header = await self._store.header(account_id)
            if header is not None and self._clock.now() - header.looked_at < max_age and not first:
                return header
            return await self._look(account_id, header, first, ends)
        finally:
            lock.release()

    async def known(self, account_id: AccountId) -> tuple[KnownMessage, ...]:
        """Return what sessions compare a maildrop with."""
        return to_compare(await self._store.messages(account_id))

    async def _look(
        self, account_id: AccountId, header: MaildropHeader | None, first: Collection[Uid], ends: float
    ) -> MaildropHeader:
        stored: Sequence[StoredMessage] = await self._store.messages(account_id) if header else ()
        known = to_compare(stored)

        def operation(session: MaildropSession, deadline: float) -> Survey:
            return session.survey(known, first, HEADERS_A_LOOK, deadline)

        left = ends - self._clock.monotonic()
        survey = await self._runner.run(account_id, "INBOX", operation, left, name="survey")
        before = header or MaildropHeader(secrets.randbits(31) | 1, 1, 0, survey.identity, 0.0, 0)
        numbers = _Numbers(before.next_uid)
        look = judge(before, stored, survey, self._clock.now(), numbers)
        try:
            await self._store.write(account_id, before.revision, before.uidvalidity, numbers.next, look)
        except Conflict:  # another replica looked at the same time; what it wrote is as fresh
            newer = await self._store.header(account_id)
            if newer is None:
                raise
            return newer
        return MaildropHeader(
            before.uidvalidity, numbers.next, before.revision + 1, look.identity, look.looked_at, look.unread
        )


class _Numbers:
    """Hands out numbers of messages, each once."""

    def __init__(self, first: int) -> None:
        self.next = first

    def __call__(self) -> Uid:
        self.next += 1
        return Uid(self.next - 1)
