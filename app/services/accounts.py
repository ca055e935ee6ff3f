import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from app.domain.access import Principal, Scope
from app.domain.account import Account, AccountState, ConnectPlan, Credentials, IncomingServer, StateReason
from app.domain.capabilities import Capabilities, CheckReport
from app.domain.errors import AccountPaused, Forbidden, InternalError, InvalidRequest, MailhatchError, NotFound
from app.domain.ids import AccountId
from app.domain.ports import AccountFilter, AccountStore, Clock, MailGateway, NewAccount
from app.services.account_limits import (
    BATCH_ACCOUNTS,
    PAGE_ROWS,
    RECENT_ROWS,
    RECENT_SECONDS,
    VERIFICATIONS_AT_ONCE,
    VERIFICATIONS_WAITING,
)
from app.services.account_patch import AccountPatch
from app.services.account_registration import AccountPolicy, Registration, Verify, Written
from app.services.account_states import AccountStates
from app.services.background import BackgroundCalls
from app.services.id_cursor import read_cursor, write_cursor
from app.services.recent import Recent

__all__ = ["AccountPolicy", "Accounts", "Verify"]

_log = logging.getLogger(__name__)


class Accounts:
    """Mail accounts: made, verified, changed and erased, and found for every mail call.

    Every method takes the principal; an account it does not reach raises NotFound, like one that does not exist.
    Writing needs `accounts.manage`, reading that or `mail.meta.read`.
    """

    def __init__(
        self, store: AccountStore, gateway: MailGateway, states: AccountStates, clock: Clock, policy: AccountPolicy
    ) -> None:
        """Take where accounts are kept, the way to their servers, their states, the time and the operator's policy."""
        self._store = store
        self._gateway = gateway
        self._states = states
        self._clock = clock
        self._timeout = policy.verify_timeout
        self._registration = Registration(store, gateway, clock, policy)
        self._recent: Recent[str, Account] = Recent(clock, RECENT_SECONDS, RECENT_ROWS)
        self._background = BackgroundCalls(VERIFICATIONS_AT_ONCE, VERIFICATIONS_WAITING)

    def start(self) -> None:
        """Begin the background work: verifications, and writing states."""
        self._states.start()
        self._background.start()

    async def close(self) -> None:
        """Stop the background work and write the last states. Close the pool before."""
        await self._background.close()
        await self._states.close()

    async def reachable(self, principal: Principal, account_id: str, scope: Scope) -> Account:
        """Find the account of a mail call; at most two seconds old. Costs microseconds when asked again.

        Raises Forbidden without `scope`, NotFound out of reach, AccountPaused.
        """
        principal.require(scope)
        account = self._recent.get(account_id)
        if account is None:
            mark = self._recent.mark
            account = await self._store.get(principal, account_id)
            self._recent.put(account.id, account, mark)
        elif not principal.reaches(account.id, account.tenant):
            raise NotFound("No such account.")
        if account.state is AccountState.PAUSED:
            raise AccountPaused("The account is paused; resume it first.")
        return account

    async def get(self, principal: Principal, account_id: str) -> Account:
        """Find one, as it is stored now."""
        _may_read(principal)
        return await self._store.get(principal, account_id)

    async def list(
        self, principal: Principal, where: AccountFilter, limit: int, cursor: str | None
    ) -> tuple[tuple[Account, ...], str | None]:
        """List those within reach by id, and the cursor of the next page; `limit` is at most 200.

        Raises InvalidRequest for a cursor of another filter.
        """
        _may_read(principal)
        limit = min(max(limit, 1), PAGE_ROWS)
        question = _question(where)
        after = AccountId(read_cursor(question, cursor)) if cursor is not None else None
        rows = await self._store.list(principal, where, limit + 1, after)
        return rows[:limit], write_cursor(question, rows[limit - 1].id) if len(rows) > limit else None

    def cursor(self, where: AccountFilter, account_id: AccountId) -> str:
        """Make the cursor that continues behind an account."""
        return write_cursor(_question(where), account_id)

    async def ids_of(self, principal: Principal, external_id: str) -> tuple[AccountId, ...]:
        """Return the ids of accounts within reach with this external id; at most two, one of each of two tenants.

        Needs no scope: what follows asks for its own, and a token that only writes names accounts like any other.
        """
        found = await self._store.list(principal, AccountFilter(external_id=external_id), 2, None)
        return tuple(account.id for account in found)

    async def create(self, principal: Principal, new: NewAccount, verify: Verify) -> Account:
        """Add an account; with `verify="now"` only after a login succeeded, with "later" it is tried soon after.

        A tenant's token makes accounts of its tenant. Raises InvalidRequest with pointers, HostNotAllowed, Conflict
        when (tenant, external_id) is taken, Forbidden, and what the login failed with.
        """
        written = await self._registration.create(principal, new, verify)
        return await self._settled(principal, "account created", written, verify)

    async def upsert(
        self, principal: Principal, external_id: str, new: NewAccount, verify: Verify
    ) -> tuple[Account, bool]:
        """Add the account with this external id, or make the one that has it be as given; tells whether it is new.

        Raises what `create` raises.
        """
        written = await self._registration.upsert(principal, external_id, new, verify)
        return await self._settled(principal, "account put", written, verify), written.is_new

    async def create_many(
        self, principal: Principal, news: Sequence[NewAccount], verify: Verify
    ) -> tuple[Account | MailhatchError, ...]:
        """Create up to 100 accounts, ten at a time; answers the account or its error for each, in order."""
        principal.require(Scope.ACCOUNTS_MANAGE)
        if not 1 <= len(news) <= BATCH_ACCOUNTS:
            raise InvalidRequest(f"A batch has between 1 and {BATCH_ACCOUNTS} accounts.")
        turn = asyncio.Semaphore(VERIFICATIONS_AT_ONCE)

        async def one(new: NewAccount) -> Account | MailhatchError:
            async with turn:
                try:
                    return await self.create(principal, new, verify)
                except MailhatchError as error:
                    return error
                except Exception:  # noqa: BLE001 - the others are made already and must be told of
                    _log.exception("an account of a batch could not be made")
                    return InternalError("Something went wrong in the service.")

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(new)) for new in news]
        return tuple(task.result() for task in tasks)

    async def patch(self, principal: Principal, account_id: str, patch: AccountPatch) -> Account:
        """Change the fields a patch mentions. A new server or credentials must log in before the old ones go.

        Moving to another server needs the credentials again. Raises what `create` raises.
        """
        written = await self._registration.patch(principal, account_id, patch)
        return await self._settled(principal, "account changed", written, "now")

    async def remove(self, principal: Principal, account_id: str) -> None:
        """Erase the account, its secret and what is cached of it, and close its connections."""
        principal.require(Scope.ACCOUNTS_MANAGE)
        account = await self._store.get(principal, account_id)
        await self._store.remove(account.id)  # first, so that no new connection can begin
        await self._let_go(account.id)
        _log.info("account removed", extra={"token": principal.token_id, "account": account.id})

    async def pause(self, principal: Principal, account_id: str) -> Account:
        """Close its connections and refuse mail calls until it is resumed. Pausing twice is fine."""
        reason = StateReason(
            "account_paused", "Paused on request.", self._clock.now(), action="Resume it to read mail again."
        )

        def paused(account: Account) -> Account:
            if account.state is AccountState.PAUSED:
                return account
            return replace(account, state=AccountState.PAUSED, reason=reason)

        account, is_changed = await self._registration.rewrite(principal, account_id, paused)
        if is_changed:
            await self._let_go(account.id)
            _log.info("account paused", extra={"token": principal.token_id, "account": account.id})
        return account

    async def resume(self, principal: Principal, account_id: str) -> Account:
        """Make a paused account reachable again and connect in the background. Fine for one that is not paused."""

        def resumed(account: Account) -> Account:
            if account.state is not AccountState.PAUSED:
                return account
            return replace(account, state=AccountState.PENDING, reason=None)

        account, is_changed = await self._registration.rewrite(principal, account_id, resumed)
        if is_changed:
            await self._let_go(account.id)
            self._connect_soon(account.id)
            _log.info("account resumed", extra={"token": principal.token_id, "account": account.id})
        return account

    async def reconnect(self, principal: Principal, account_id: str) -> Account:
        """Close its connections, forget any backoff and connect in the background. Raises AccountPaused."""
        principal.require(Scope.ACCOUNTS_MANAGE)
        account = await self._store.get(principal, account_id)
        if account.state is AccountState.PAUSED:
            raise AccountPaused("The account is paused; resume it first.")
        await self._gateway.forget(account.id)
        self._connect_soon(account.id)
        _log.info("account reconnected", extra={"token": principal.token_id, "account": account.id})
        return account

    async def check(self, principal: Principal, account_id: str) -> CheckReport:
        """Connect afresh, a paused one too, and tell each step. What the server does wrong is in the report."""
        principal.require(Scope.ACCOUNTS_MANAGE)
        account = await self._store.get(principal, account_id)
        plan, _ = await self._store.plan(account.id)
        return await self._gateway.check(plan, self._timeout)

    async def check_server(
        self, principal: Principal, incoming: IncomingServer, credentials: Credentials
    ) -> CheckReport:
        """Like `check`, for a server that is not stored. Raises InvalidRequest and HostNotAllowed."""
        principal.require(Scope.ACCOUNTS_MANAGE)
        incoming = self._registration.admitted_server(incoming, credentials)
        return await self._gateway.check(ConnectPlan(AccountId("acc_check"), incoming, credentials), self._timeout)

    async def capabilities(self, principal: Principal, account_id: str) -> Capabilities:
        """Tell what works for this account and where its truth lives. Raises AccountPaused."""
        account = await self.reachable(principal, account_id, Scope.MAIL_META_READ)
        return await self._gateway.capabilities(account.id, self._timeout)

    async def _settled(self, principal: Principal, what: str, written: Written, verify: Verify) -> Account:
        """Do what follows a write: nothing old is used or answered any more."""
        account = written.account
        self._recent.drop(account.id)
        if written.is_login_changed:
            if not written.is_new:
                await self._let_go(account.id)
            if verify == "later":
                self._connect_soon(account.id)
        _log.info(what, extra={"token": principal.token_id, "account": account.id})
        return account

    async def _let_go(self, account_id: AccountId) -> None:
        self._recent.drop(account_id)
        self._states.forget(account_id)
        await self._gateway.forget(account_id)
        self._states.forget(account_id)  # what the closing connections said meanwhile is old as well

    def _connect_soon(self, account_id: AccountId) -> None:
        self._background.submit(account_id, lambda: self._gateway.capabilities(account_id, self._timeout))


def _may_read(principal: Principal) -> None:
    if not principal.is_admin and principal.scopes.isdisjoint({Scope.MAIL_META_READ, Scope.ACCOUNTS_MANAGE}):
        raise Forbidden("This needs the scope mail.meta.read or accounts.manage.", scope=Scope.MAIL_META_READ.value)


def _question(where: AccountFilter) -> tuple[str | None, ...]:
    return ("accounts", where.external_id, where.tenant, where.state)
