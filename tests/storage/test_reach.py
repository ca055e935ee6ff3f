"""Another tenant's account does not exist, whichever way it is looked for."""

import inspect
from collections.abc import Awaitable, Callable

import pytest

from app.domain.access import Principal
from app.domain.account import Account
from app.domain.errors import NotFound
from app.domain.ports import AccountFilter, AccountStore
from app.storage.accounts import SqlAccountStore
from tests.storage.protocols import public_methods
from tests.storage.samples import PASSWORD, a_principal, an_account

Finder = Callable[[SqlAccountStore, Principal, Account], Awaitable[tuple[Account, ...]]]

#: Methods the service calls after it has found the account, or about no account of a caller's.
NOT_FINDERS = {"add", "replace", "set_state", "remove", "plan", "count_by_state", "rotate_secrets"}


async def _get(store: SqlAccountStore, principal: Principal, wanted: Account) -> tuple[Account, ...]:
    try:
        return (await store.get(principal, wanted.id),)
    except NotFound:
        return ()


async def _by_external_id(store: SqlAccountStore, principal: Principal, wanted: Account) -> tuple[Account, ...]:
    assert wanted.external_id is not None
    found = await store.by_external_id(principal, wanted.tenant, wanted.external_id)
    return () if found is None else (found,)


async def _list(store: SqlAccountStore, principal: Principal, wanted: Account) -> tuple[Account, ...]:
    filters = (
        AccountFilter(),
        AccountFilter(tenant=wanted.tenant),
        AccountFilter(external_id=wanted.external_id),
        AccountFilter(state=wanted.state),
    )
    pages = [await store.list(principal, where, 10, None) for where in filters]
    return tuple(account for page in pages for account in page if account.id == wanted.id)[:1]


FINDERS: dict[str, Finder] = {"get": _get, "by_external_id": _by_external_id, "list": _list}


def test_no_finder_is_forgotten() -> None:
    assert FINDERS.keys() | NOT_FINDERS == public_methods(SqlAccountStore).keys()
    assert not FINDERS.keys() & NOT_FINDERS
    for name in public_methods(AccountStore):
        takes_principal = "principal" in inspect.signature(getattr(AccountStore, name)).parameters
        assert takes_principal == (name in FINDERS), name


@pytest.mark.parametrize("finder", FINDERS.values(), ids=FINDERS)
async def test_an_account_is_found_within_reach_alone(account_store: SqlAccountStore, finder: Finder) -> None:
    mine, other, unset = (an_account(external_id="x", tenant=tenant) for tenant in ("mine", "other", None))
    for account in (mine, other, unset):
        await account_store.add(account, PASSWORD)
    everyone = a_principal()
    tenant = a_principal(tenant="mine")
    bound = a_principal(accounts=frozenset({mine.id, unset.id}))
    both = a_principal(accounts=frozenset({mine.id, other.id}), tenant="mine")
    nobody = a_principal(accounts=frozenset())
    empty = a_principal(tenant="")
    reach = {
        everyone: {mine.id, other.id, unset.id},
        tenant: {mine.id},
        bound: {mine.id, unset.id},
        both: {mine.id},
        nobody: set(),
        empty: set(),
    }
    for principal, expected in reach.items():
        found = {
            account.id for wanted in (mine, other, unset) for account in await finder(account_store, principal, wanted)
        }
        assert found == expected, principal
        assert {
            account.id for account in (mine, other, unset) if principal.reaches(account.id, account.tenant)
        } == expected


async def test_a_page_is_full_though_others_accounts_lie_between(account_store: SqlAccountStore) -> None:
    mine = []
    for number in range(6):
        account = an_account(tenant="mine" if number % 2 else "other")
        await account_store.add(account, PASSWORD)
        if number % 2:
            mine.append(account.id)
    page = await account_store.list(a_principal(tenant="mine"), AccountFilter(), 3, None)
    assert [account.id for account in page] == sorted(mine)
