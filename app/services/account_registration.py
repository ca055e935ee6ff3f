from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from app.domain.access import Principal, Scope
from app.domain.account import Account, AccountState, ConnectPlan, Credentials, IncomingServer
from app.domain.errors import Conflict, Forbidden
from app.domain.ids import AccountId, new_id
from app.domain.ports import AccountStore, Clock, MailGateway, NewAccount
from app.services.account_input import check_login, check_words, one_spelling, refuse, refuse_insecure
from app.services.account_limits import WRITE_ATTEMPTS
from app.services.account_patch import AccountPatch, Unset
from app.services.account_verification import verify as verify_login

Verify = Literal["now", "later", "never"]


@dataclass(frozen=True, slots=True)
class AccountPolicy:
    """What the operator allows: unencrypted servers, and the seconds one verification may take."""

    allow_insecure_mail: bool
    verify_timeout: float


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: the account as it is now, whether it is new, and whether its way to log in changed."""

    account: Account
    is_new: bool
    is_login_changed: bool


@dataclass(frozen=True, slots=True)
class _Login:
    incoming: IncomingServer
    credentials: Credentials

    def on(self, account: Account) -> Account:
        return replace(
            account,
            incoming=self.incoming,
            auth_type=self.credentials.type,
            auth_expires_at=getattr(self.credentials, "expires_at", None),
        )


class Registration:
    """Writes accounts: validated, within the principal's reach, verified before anything old goes.

    Several writers at once, in this process or another, end as if one had come after the other.
    """

    def __init__(self, store: AccountStore, gateway: MailGateway, clock: Clock, policy: AccountPolicy) -> None:
        """Take where accounts are kept, the way to their servers, the time and the operator's policy."""
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._policy = policy

    async def create(self, principal: Principal, new: NewAccount, verify: Verify) -> Written:
        """Add an account. Raises Conflict when (tenant, external_id) is taken."""
        new = self._admitted(principal, new)
        _may_create(principal)
        account_id = AccountId(new_id("acc"))
        if verify == "now":
            await self._verify(account_id, _Login(new.incoming, new.credentials))
        return await self._add(account_id, new, is_verified=verify == "now")

    async def upsert(self, principal: Principal, external_id: str, new: NewAccount, verify: Verify) -> Written:
        """Add the account with this external id, or make the one that has it be as given; two at once are fine.

        Credentials are verified again only when they or the server differ, or the account is not connected.
        """
        new = self._admitted(principal, replace(new, external_id=external_id))
        login = _Login(new.incoming, new.credentials)
        is_verified = False
        for _ in range(WRITE_ATTEMPTS):
            found = await self._store.by_external_id(principal, new.tenant, external_id)
            if found is None:
                _may_create(principal)
            account_id = found.id if found else AccountId(new_id("acc"))
            is_changed = found is None or await self._login(found.id) != login
            is_doubtful = is_changed or (found is not None and found.state is not AccountState.CONNECTED)
            if verify == "now" and is_doubtful and not is_verified:
                await self._verify(account_id, login)
                is_verified = True
            try:
                if found is None:
                    return await self._add(account_id, new, is_verified=is_verified)
                target = replace(found, email=new.email, metadata=new.metadata)
                return await self._change(found, target, login if is_changed else None, is_verified=is_verified)
            except Conflict:
                continue  # somebody was faster: look again
        raise Conflict("The account keeps being changed by others; try again.")

    async def patch(self, principal: Principal, account_id: str, patch: AccountPatch) -> Written:
        """Change the fields a patch mentions; the server and credentials only after a login with them succeeded."""
        principal.require(Scope.ACCOUNTS_MANAGE)
        verified: _Login | None = None
        for _ in range(WRITE_ATTEMPTS):
            account = await self._store.get(principal, account_id)
            target = patch.applied(account)
            if target.tenant != account.tenant:
                principal.require(Scope.ADMIN)
            refuse(check_words(target.external_id, target.tenant, target.email, target.metadata))
            login = await self._patched_login(account.id, patch)
            if login is not None and login != verified:
                await self._verify(account.id, login)
                verified = login
            try:
                return await self._change(account, target, login, is_verified=login is not None)
            except Conflict:
                if (await self._store.get(principal, account_id)).revision == account.revision:
                    raise  # not a faster writer: the external id is taken
        raise Conflict("The account keeps being changed by others; try again.")

    async def rewrite(
        self, principal: Principal, account_id: str, change: Callable[[Account], Account]
    ) -> tuple[Account, bool]:
        """Apply `change` to the account as it is; tells whether it changed anything."""
        principal.require(Scope.ACCOUNTS_MANAGE)
        for _ in range(WRITE_ATTEMPTS):
            account = await self._store.get(principal, account_id)
            target = change(account)
            if target == account:
                return account, False
            try:
                return await self._replace(target, None), True
            except Conflict:
                continue
        raise Conflict("The account keeps being changed by others; try again.")

    def admitted_server(self, incoming: IncomingServer, credentials: Credentials) -> IncomingServer:
        """Return a server that may be tried, in one spelling. Raises InvalidRequest and HostNotAllowed."""
        incoming = one_spelling(incoming)
        refuse(check_login(incoming, credentials, self._clock.now()))
        refuse_insecure(incoming, allow_insecure=self._policy.allow_insecure_mail)
        return incoming

    def _admitted(self, principal: Principal, new: NewAccount) -> NewAccount:
        principal.require(Scope.ACCOUNTS_MANAGE)
        incoming = one_spelling(new.incoming)
        refuse(
            check_words(new.external_id, new.tenant, new.email, new.metadata)
            + check_login(incoming, new.credentials, self._clock.now())
        )
        refuse_insecure(incoming, allow_insecure=self._policy.allow_insecure_mail)
        if principal.tenant is not None and new.tenant not in {None, principal.tenant}:
            raise Forbidden("This token belongs to a tenant and makes accounts for that one alone.")
        return replace(new, tenant=new.tenant if principal.tenant is None else principal.tenant, incoming=incoming)

    async def _login(self, account_id: AccountId) -> _Login:
        plan, _ = await self._store.plan(account_id)
        return _Login(plan.incoming, plan.credentials)

    async def _patched_login(self, account_id: AccountId, patch: AccountPatch) -> _Login | None:
        """Return the way to log in after the patch, None when it stays as it is."""
        if not patch.changes_login:
            return None
        old = await self._login(account_id)
        credentials = old.credentials if isinstance(patch.credentials, Unset) else patch.credentials
        new = _Login(self.admitted_server(patch.server(old.incoming), credentials), credentials)
        return None if new == old else new

    async def _verify(self, account_id: AccountId, login: _Login) -> None:
        plan = ConnectPlan(account_id, login.incoming, login.credentials)
        await verify_login(self._gateway, plan, self._policy.verify_timeout)

    async def _add(self, account_id: AccountId, new: NewAccount, *, is_verified: bool) -> Written:
        now = self._clock.now()
        login = _Login(new.incoming, new.credentials)
        account = login.on(
            Account(
                id=account_id,
                external_id=new.external_id,
                tenant=new.tenant,
                email=new.email,
                metadata=dict(new.metadata),
                incoming=new.incoming,
                auth_type=new.credentials.type,
                auth_expires_at=None,
                state=AccountState.CONNECTED if is_verified else AccountState.PENDING,
                reason=None,
                created_at=now,
                updated_at=now,
                revision=1,
            )
        )
        await self._store.add(account, new.credentials)
        return Written(account, is_new=True, is_login_changed=True)

    async def _change(self, old: Account, target: Account, login: _Login | None, *, is_verified: bool) -> Written:
        """Write `target` with its new login, if any. Only a changed or verified login changes the state."""
        if login is not None:
            target = login.on(target)
        if (login is not None or is_verified) and old.state is not AccountState.PAUSED:
            state = AccountState.CONNECTED if is_verified else AccountState.PENDING
            target = replace(target, state=state, reason=None)
        if target == old and login is None:
            return Written(old, is_new=False, is_login_changed=False)
        account = await self._replace(target, None if login is None else login.credentials)
        return Written(account, is_new=False, is_login_changed=login is not None or is_verified)

    async def _replace(self, target: Account, credentials: Credentials | None) -> Account:
        target = replace(target, updated_at=self._clock.now())
        await self._store.replace(target, credentials)
        return replace(target, revision=target.revision + 1)


def _may_create(principal: Principal) -> None:
    if principal.accounts is not None:
        raise Forbidden("This token is bound to certain accounts and cannot make others.")
