import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass

from app.domain.access import Principal, Scope
from app.domain.account import AccountState, StateReason
from app.domain.errors import (
    AuthenticationFailed,
    HostNotAllowed,
    MailboxLocked,
    MailhatchError,
    NotFound,
    TlsFailed,
    UpstreamProtocolError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.domain.ids import AccountId, TokenId
from app.domain.ports import AccountStore, Clock
from app.services.account_limits import RECENT_ROWS, STATE_MEMORY, STATE_RETRY, STATE_SETTLE
from app.services.recent import Recent

_log = logging.getLogger(__name__)

#: What a failure to connect makes of an account. Errors that are not here (busy, paused, gone, shutting down, our own
#: bugs) say nothing about the account and change nothing.
_FAILED_STATES: dict[type[MailhatchError], AccountState] = {
    AuthenticationFailed: AccountState.AUTHENTICATION_FAILED,
    UpstreamUnavailable: AccountState.DISCONNECTED,
    UpstreamTimeout: AccountState.DISCONNECTED,
    TlsFailed: AccountState.DISCONNECTED,
    UpstreamProtocolError: AccountState.DISCONNECTED,
    HostNotAllowed: AccountState.DISCONNECTED,
    UpstreamThrottled: AccountState.DEGRADED,
    UpstreamRejected: AccountState.DEGRADED,
    MailboxLocked: AccountState.DEGRADED,
}

_ACTIONS: dict[type[MailhatchError], str] = {
    AuthenticationFailed: "Give valid credentials: PATCH the account's incoming.auth.",
    UpstreamUnavailable: "None: it is tried again. If it lasts, check host and port.",
    UpstreamTimeout: "None: it is tried again. If it lasts, check host, port and security.",
    TlsFailed: "Check security, port and host name, or give the server's certificate authority in incoming.tls.ca_pem.",
    UpstreamProtocolError: "Check that the port speaks IMAP with this security.",
    HostNotAllowed: "The operator may allow the address in MAILHATCH_ALLOWED_MAIL_NETWORKS.",
    UpstreamThrottled: "None: it is tried again when the server allows it.",
    UpstreamRejected: "Check at the mail provider whether IMAP is enabled for this user.",
    MailboxLocked: "None: it is tried again.",
}

#: States in which a new connection is routine: that it is being made is no news.
_WORKING = frozenset({AccountState.CONNECTED, AccountState.DEGRADED})

#: Reads any account; it is nobody's token, so nothing can be done in its name from outside.
SERVICE = Principal(TokenId("service"), "service", frozenset({Scope.ADMIN}), None, None, None, 1)


@dataclass(frozen=True, slots=True)
class _Observation:
    state: AccountState
    error: MailhatchError | None
    next_attempt_at: float | None
    at: float


@dataclass(frozen=True, slots=True)
class _Stored:
    state: AccountState
    reason: StateReason | None


class AccountStates:
    """The pool's AccountObserver: keeps in the store how connecting to each account goes.

    Observing takes no time and never fails; one background task writes, the latest of what came in within a moment,
    and only what changed. Call it from the event loop. What is observed before `start` or after `close` waits or is
    lost: the next connection tells again.
    """

    def __init__(self, store: AccountStore, clock: Clock, settle: float = STATE_SETTLE) -> None:
        """Take where accounts are kept, the time, and for how many seconds observations gather."""
        self._store = store
        self._clock = clock
        self._settle = settle
        self._waiting: dict[AccountId, _Observation] = {}
        self._stored: Recent[AccountId, _Stored] = Recent(clock, STATE_MEMORY, RECENT_ROWS)
        self._news = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def connecting(self, account_id: AccountId) -> None:
        """A first connection is being made."""
        stored = self._stored.get(account_id)
        if stored is None or stored.state not in _WORKING or account_id in self._waiting:
            self._observe(account_id, AccountState.CONNECTING)

    def connected(self, account_id: AccountId) -> None:
        """A login succeeded."""
        self._observe(account_id, AccountState.CONNECTED)

    def failed(self, account_id: AccountId, error: MailhatchError, next_attempt_at: float | None) -> None:
        """Connecting failed; the pool will not try again before `next_attempt_at` (Unix seconds)."""
        state = _FAILED_STATES.get(type(error))
        if state is not None:
            self._observe(account_id, state, error, next_attempt_at)

    def forget(self, account_id: AccountId) -> None:
        """Drop what was observed: the account was changed, paused or erased, which says more."""
        self._waiting.pop(account_id, None)
        self._stored.drop(account_id)

    def start(self) -> None:
        """Begin to write in the background."""
        self._writer = asyncio.create_task(self._write_on(), name="account-states")

    async def close(self) -> None:
        """Write what is still waiting and stop. Close the pool first, so that its last words are kept."""
        if self._writer is not None:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer
            self._writer = None
        await self.flush()

    async def flush(self) -> None:
        """Write what is waiting now. What the store refuses waits on."""
        async with self._writing:
            self._news.clear()
            refused: dict[AccountId, _Observation] = {}
            while self._waiting:  # one by one, so that `forget` still reaches those not written yet
                account_id = next(iter(self._waiting))
                observation = self._waiting.pop(account_id)
                try:
                    await self._write(account_id, observation)
                except NotFound:
                    continue
                except Exception:  # noqa: BLE001 - whatever the store has, the other accounts' states are written
                    _log.exception("an account's state could not be written", extra={"account": account_id})
                    refused[account_id] = observation
            self._waiting = refused

    def _observe(
        self,
        account_id: AccountId,
        state: AccountState,
        error: MailhatchError | None = None,
        next_attempt_at: float | None = None,
    ) -> None:
        if state is AccountState.CONNECTED and account_id not in self._waiting:
            stored = self._stored.get(account_id)
            if stored is not None and stored.state is state:
                return
        self._waiting[account_id] = _Observation(state, error, next_attempt_at, self._clock.now())
        self._news.set()

    async def _write_on(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(self._settle)
            await self.flush()
            if self._waiting and not self._news.is_set():  # the store is in trouble: do not hammer it
                await asyncio.sleep(STATE_RETRY)
                self._news.set()

    async def _write(self, account_id: AccountId, observation: _Observation) -> None:
        mark = self._stored.mark
        stored = self._stored.get(account_id)
        if stored is None:
            account = await self._store.get(SERVICE, account_id)
            stored = _Stored(account.state, account.reason)
        if stored.state in _WORKING and observation.state is AccountState.CONNECTING:
            self._stored.put(account_id, stored, mark)
            return
        new = _Stored(observation.state, _reason(observation, stored))
        if new == stored:
            self._stored.put(account_id, stored, mark)
            return
        if await self._store.set_state(account_id, new.state, new.reason):
            self._stored.put(account_id, new, mark)


def _reason(observation: _Observation, stored: _Stored) -> StateReason | None:
    error = observation.error
    if error is None:
        return None
    before = stored.reason
    is_going_on = stored.state is observation.state and before is not None and before.code == error.code
    return StateReason(
        code=error.code,
        detail=error.detail,
        since=before.since if is_going_on and before is not None else observation.at,
        next_attempt_at=observation.next_attempt_at,
        action=_ACTIONS[type(error)],
    )
