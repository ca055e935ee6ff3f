"""Making connections, and telling how it went."""

import asyncio
import logging
import random
from functools import partial

from app.domain.account import ConnectPlan
from app.domain.errors import AuthenticationFailed, InternalError, MailhatchError
from app.domain.ports import AccountObserver, Clock, CredentialSource, Session, SessionFactory
from app.pool.account import AccountConnections, Connection, Slot
from app.pool.admission import Admission, is_waited_for
from app.pool.capacity import Capacity
from app.pool.limits import LIFETIME_JITTER
from app.pool.options import PoolOptions
from app.pool.stats import PoolMeter
from app.pool.threads import Threads

_logger = logging.getLogger(__name__)


class Opener:
    """Makes one connection at a time for an account, with fresh credentials; feeds its breaker and the observer."""

    def __init__(
        self,
        factory: SessionFactory[Session],
        credentials: CredentialSource,
        observer: AccountObserver,
        options: PoolOptions,
        clock: Clock,
        meter: PoolMeter,
        capacity: Capacity,
        admission: Admission,
        threads: Threads,
    ) -> None:
        """Take the ports and the parts of the pool it works with."""
        self._factory = factory
        self._credentials = credentials
        self._observer = observer
        self._options = options
        self._clock = clock
        self._meter = meter
        self._capacity = capacity
        self._admission = admission
        self._threads = threads
        self._random = random.SystemRandom()

    async def open(self, account: AccountConnections) -> Connection | MailhatchError | None:
        """Make a connection; the caller has counted it in `account.opening`.

        Returns None when nobody waited for it any more, and the error when it failed.
        """
        epoch, is_wanted = account.epoch, is_waited_for(account)
        try:
            plan = await self._credentials.plan(account.id)
        except AuthenticationFailed as error:
            # Nothing was dialled, so there is no backoff: new credentials may come at any moment.
            if account.epoch == epoch:
                self._observer.failed(account.id, error, None)
            return error
        except MailhatchError as error:
            return error
        except Exception:
            _logger.exception("no credentials for an account")
            return InternalError("The credentials of this account cannot be read.")
        host = plan.incoming.host.lower()
        slot = await self._admission.enter(host, None, is_wanted)
        return None if slot is None else await self._log_in(account, plan, slot, epoch)

    def report_late(self, account: AccountConnections) -> None:
        """Tell of a failure that was kept back while other connections worked, now that a call has met it."""
        if account.unreported is not None:
            self._report(account, account.unreported)

    async def _log_in(
        self, account: AccountConnections, plan: ConnectPlan, slot: Slot, epoch: int
    ) -> Connection | MailhatchError:
        if not account.idle and not account.leased and not account.dialing:
            self._observer.connecting(account.id)
        account.dialing += 1
        outcome: Session | MailhatchError | None = None
        try:
            outcome = await self._dial(plan)
        finally:
            account.dialing -= 1
            if outcome is None or isinstance(outcome, MailhatchError):
                self._capacity.release(slot)
        if isinstance(outcome, MailhatchError):
            if account.epoch == epoch:
                account.breaker.fail(outcome, self._clock.monotonic())
                self._report(account, outcome)
            return outcome
        spread = self._random.uniform(1 - LIFETIME_JITTER, 1 + LIFETIME_JITTER)
        retire_at = self._clock.monotonic() + self._options.connection_lifetime * spread
        connection = Connection(outcome, account, slot, retire_at, is_doomed=account.epoch != epoch)
        if not connection.is_doomed:
            account.breaker.reset()
            account.unreported = None
            self._observer.connected(account.id)
        return connection

    async def _dial(self, plan: ConnectPlan) -> Session | MailhatchError:
        began = self._clock.monotonic()
        deadline = began + self._options.connect_timeout
        future = self._threads.submit(partial(self._factory.open, plan.incoming, plan.credentials, deadline))
        try:
            await asyncio.wait({future})
        except asyncio.CancelledError:
            future.add_done_callback(_abort_late)
            raise
        outcome: Session | MailhatchError
        try:
            outcome = future.result()
        except MailhatchError as error:
            outcome = error
        except Exception:
            _logger.exception("connecting to a mail server failed in an unexpected way")
            outcome = InternalError("Connecting to the mail server failed inside the service.")
        code = outcome.code if isinstance(outcome, MailhatchError) else "ok"
        self._meter.count_login(code)
        self._meter.observe_mail("login", code, self._clock.monotonic() - began)
        return outcome

    def _report(self, account: AccountConnections, error: MailhatchError) -> None:
        """Tell of a failure, unless other connections of the account work: then reading goes on, only no faster."""
        if (account.idle or account.leased) and not isinstance(error, AuthenticationFailed):
            account.unreported = error
            return
        account.unreported = None
        wait = account.breaker.retry_at - self._clock.monotonic()
        self._observer.failed(account.id, error, self._clock.now() + max(0.0, wait))


def _abort_late(future: "asyncio.Future[Session]") -> None:
    """Cut a session that was opened after nobody wanted it any more; what is cut closes without waiting."""
    if not future.cancelled() and future.exception() is None:
        session = future.result()
        session.abort()
        session.close(0.0)
