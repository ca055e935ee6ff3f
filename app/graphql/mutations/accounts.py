"""Accounts: added, changed, removed, and brought in touch with their server."""

from dataclasses import dataclass

import strawberry

from app.domain.account import Account as DomainAccount
from app.domain.capabilities import CheckReport as DomainCheckReport
from app.domain.errors import MailhatchError
from app.graphql.context import Info
from app.graphql.derive import resolved
from app.graphql.given import read
from app.graphql.inputs.accounts import AccountInput, ChangeAccountInput, Verify, account_body
from app.graphql.once import IdempotencyKey, once
from app.graphql.types.account import Account, AccountNode, loaded
from app.graphql.types.edits import DeletedPayload, deleted
from app.graphql.types.problem import Problem, Trouble
from app.graphql.types.values import CheckReport
from app.http.models import AccountBatch, AccountBody, AccountMerge
from app.http.views import AccountView


@dataclass(frozen=True, slots=True)
class _Added:
    view: AccountView | None
    problem: Trouble | None


@dataclass(frozen=True, slots=True)
class _AddedAll:
    results: tuple[_Added, ...]


@strawberry.type(description="What became of one of several accounts: it, or a problem.")
class AccountResult:
    """One result."""

    problem: Problem | None

    @resolved(Account | None, "The account.")
    @staticmethod
    def account(root: strawberry.Parent[_Added]) -> AccountNode | None:
        """Show it."""
        return None if root.view is None else loaded(root.view)


@strawberry.type(description="A result for each account, in the order given.")
class AccountsPayload:
    """The answer of adding several."""

    results: list[AccountResult]


@strawberry.type
class AccountMutations:
    """Mutations of accounts."""

    @resolved(
        Account | None, "Add a mail account. Its secret is write-only and kept encrypted. Needs `accounts.manage`."
    )
    async def create_account(
        self,
        info: Info,
        input: AccountInput,  # noqa: A002
        verify: Verify = Verify.NOW,
        idempotency_key: IdempotencyKey = None,
    ) -> AccountNode:
        """Add an account."""
        call, body = info.context, account_body(input)

        async def act() -> AccountView:
            wanted = read(AccountBody, body).to_domain()
            return AccountView.of(await call.at.accounts.create(call.principal, wanted, verify.value))

        asked = [body, verify.value]
        return loaded(await once(call, idempotency_key, "createAccount", asked, AccountView, act))

    @resolved(AccountsPayload | None, "Add up to 100 accounts; each succeeds or fails for itself.")
    async def create_accounts(
        self,
        info: Info,
        items: list[AccountInput],
        verify: Verify = Verify.LATER,
        idempotency_key: IdempotencyKey = None,
    ) -> _AddedAll:
        """Add several."""
        call, body = info.context, {"items": [account_body(item) for item in items]}

        async def act() -> _AddedAll:
            wanted = [item.to_domain() for item in read(AccountBatch, body).items]
            return _AddedAll(
                tuple([_added(one) for one in await call.at.accounts.create_many(call.principal, wanted, verify.value)])
            )

        return await once(call, idempotency_key, "createAccounts", [body, verify.value], _AddedAll, act)

    @resolved(
        Account | None, "Make the account with this external id be so, whether it existed or not: safe to repeat."
    )
    async def put_account(
        self,
        info: Info,
        external_id: str,
        input: AccountInput,  # noqa: A002
        verify: Verify = Verify.NOW,
    ) -> AccountNode:
        """Add or replace an account."""
        call, wanted = info.context, read(AccountBody, account_body(input)).to_domain()
        found, _ = await call.at.accounts.upsert(call.principal, external_id, wanted, verify.value)
        return loaded(AccountView.of(found))

    @resolved(Account | None, "Change an account. A new server or new credentials are verified before the old ones go.")
    async def change_account(
        self,
        info: Info,
        account: strawberry.ID,
        input: ChangeAccountInput,  # noqa: A002
    ) -> AccountNode:
        """Change an account."""
        call, patch = info.context, read(AccountMerge, account_body(input)).to_domain()
        changed = await call.at.accounts.patch(call.principal, await call.account_id(account), patch)
        return loaded(AccountView.of(changed))

    @resolved(Account | None, "Close an account's connections and open none until it is resumed.")
    async def pause_account(self, info: Info, account: strawberry.ID) -> AccountNode:
        """Pause."""
        call = info.context
        found = await call.at.accounts.pause(call.principal, await call.account_id(account))
        return loaded(AccountView.of(found))

    @resolved(Account | None, "Let a paused account connect again.")
    async def resume_account(self, info: Info, account: strawberry.ID) -> AccountNode:
        """Resume."""
        call = info.context
        found = await call.at.accounts.resume(call.principal, await call.account_id(account))
        return loaded(AccountView.of(found))

    @resolved(Account | None, "Drop an account's connections and waiting time, and connect now.")
    async def reconnect_account(self, info: Info, account: strawberry.ID) -> AccountNode:
        """Reconnect."""
        call = info.context
        found = await call.at.accounts.reconnect(call.principal, await call.account_id(account))
        return loaded(AccountView.of(found))

    @resolved(CheckReport | None, "Connect afresh and tell each step.")
    async def check_account(self, info: Info, account: strawberry.ID) -> DomainCheckReport:
        """Check the way to an account."""
        call = info.context
        return await call.at.accounts.check(call.principal, await call.account_id(account))

    @resolved(DeletedPayload | None, "Remove an account. The mail stays on the mail server.")
    async def delete_account(self, info: Info, account: strawberry.ID) -> DeletedPayload:
        """Remove an account."""
        call = info.context
        account_id = await call.account_id(account)
        await call.at.accounts.remove(call.principal, account_id)
        return deleted([account_id])


def _added(result: DomainAccount | MailhatchError) -> _Added:
    if isinstance(result, DomainAccount):
        return _Added(AccountView.of(result), None)
    return _Added(None, Trouble.of(result))
