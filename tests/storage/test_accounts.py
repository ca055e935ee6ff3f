import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app.domain.account import AccountState, ConnectPlan, Password, StateReason
from app.domain.errors import Conflict, InvalidRequest, NotFound
from app.domain.ids import AccountId
from app.domain.ports import AccountFilter, AccountStore, MailboxRow
from app.storage import limits
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.mailboxes import SqlMailboxStore
from app.storage.tables import account_secrets, accounts, mailboxes
from app.storage.unit import read
from tests.storage.protocols import public_methods
from tests.storage.samples import ACCESS_TOKEN, ADMIN, PASSWORD, SECRET, an_account

REASON = StateReason("upstream_timeout", "No answer.", 1_800_000_001.5, 1_800_000_060.0, "Wait.")


def test_it_is_an_account_store() -> None:
    assert public_methods(SqlAccountStore).items() >= public_methods(AccountStore).items()


def test_mypy_agrees_that_it_is_one(account_store: SqlAccountStore) -> None:
    store: AccountStore = account_store
    assert inspect.iscoroutinefunction(store.add)


async def test_an_account_comes_back_as_it_was_given(account_store: SqlAccountStore) -> None:
    account = an_account(external_id="crm-7", tenant="acme", state=AccountState.DEGRADED, reason=REASON)
    await account_store.add(account, PASSWORD)
    assert await account_store.get(ADMIN, account.id) == account
    assert await account_store.by_external_id(ADMIN, "acme", "crm-7") == account
    assert await account_store.list(ADMIN, AccountFilter(), 10, None) == (account,)


async def test_an_account_of_nulls_comes_back(account_store: SqlAccountStore) -> None:
    account = an_account(email=None, metadata={}, incoming=replace(an_account().incoming, ca_pem=None))
    await account_store.add(account, PASSWORD)
    assert await account_store.get(ADMIN, account.id) == account


@pytest.mark.parametrize("credentials", [PASSWORD, ACCESS_TOKEN, Password("päss\0wörd 密码 🔑")], ids=["p", "t", "odd"])
async def test_a_plan_has_the_credentials(account_store: SqlAccountStore, credentials: Password) -> None:
    account = an_account(auth_type=credentials.type)
    await account_store.add(account, credentials)
    plan = ConnectPlan(account.id, account.incoming, credentials)
    assert await account_store.plan(account.id) == (plan, AccountState.PENDING)


async def test_a_plan_for_nobody_is_not_found(account_store: SqlAccountStore) -> None:
    with pytest.raises(NotFound):
        await account_store.plan(AccountId("acc_nobody"))


@pytest.mark.parametrize("tenant", [None, "acme"], ids=["no tenant", "tenant"])
async def test_an_external_id_is_taken_once_in_a_tenant(account_store: SqlAccountStore, tenant: str | None) -> None:
    await account_store.add(an_account(external_id="crm-7", tenant=tenant), PASSWORD)
    await account_store.add(an_account(external_id="crm-7", tenant="other"), PASSWORD)
    loser = an_account(external_id="crm-7", tenant=tenant)
    with pytest.raises(Conflict):
        await account_store.add(loser, PASSWORD)
    with pytest.raises(NotFound):  # nothing of it was kept, its secret least of all
        await account_store.plan(loser.id)


async def test_accounts_without_an_external_id_do_not_collide(account_store: SqlAccountStore) -> None:
    for tenant in (None, None, "acme", "acme"):
        await account_store.add(an_account(tenant=tenant), PASSWORD)
    assert len(await account_store.list(ADMIN, AccountFilter(), 10, None)) == 4


async def test_an_empty_tenant_is_not_the_unset_one(account_store: SqlAccountStore) -> None:
    unset, empty = an_account(external_id="x"), an_account(external_id="x", tenant="")
    await account_store.add(unset, PASSWORD)
    await account_store.add(empty, PASSWORD)
    assert await account_store.by_external_id(ADMIN, None, "x") == unset
    assert await account_store.by_external_id(ADMIN, "", "x") == empty
    assert await account_store.list(ADMIN, AccountFilter(tenant=""), 10, None) == (empty,)


async def test_lists_page_by_id_in_the_order_of_bytes(account_store: SqlAccountStore) -> None:
    ids = ["acc_B", "acc_a", "acc_Z", "acc_-", "acc__", "acc_0"]
    for account_id in ids:
        await account_store.add(an_account(id=AccountId(account_id)), PASSWORD)
    found: list[str] = []
    after = None
    while page := await account_store.list(ADMIN, AccountFilter(), 2, after):
        found += [account.id for account in page]
        after = page[-1].id
    assert found == sorted(ids)


@pytest.mark.parametrize("limit", [0, -1, limits.PAGE + 1])
async def test_a_list_without_bounds_is_refused(account_store: SqlAccountStore, limit: int) -> None:
    with pytest.raises(ValueError, match="a list answers"):
        await account_store.list(ADMIN, AccountFilter(), limit, None)


async def test_filters_narrow_and_combine(account_store: SqlAccountStore) -> None:
    a = an_account(external_id="1", tenant="acme", state=AccountState.CONNECTED)
    b = an_account(external_id="1", tenant="other", state=AccountState.CONNECTED)
    c = an_account(external_id="2", tenant="acme", state=AccountState.PAUSED)
    for account in (a, b, c):
        await account_store.add(account, PASSWORD)

    async def found(**where: object) -> set[AccountId]:
        return {account.id for account in await account_store.list(ADMIN, AccountFilter(**where), 10, None)}  # type: ignore[arg-type]  # the names are checked by AccountFilter

    assert await found(external_id="1") == {a.id, b.id}
    assert await found(tenant="acme") == {a.id, c.id}
    assert await found(state=AccountState.CONNECTED) == {a.id, b.id}
    assert await found(tenant="acme", external_id="1", state=AccountState.CONNECTED) == {a.id}
    assert await found(tenant="acme", external_id="3") == set()


async def test_replacing_writes_every_field_and_counts_the_revision(account_store: SqlAccountStore) -> None:
    old = an_account()
    await account_store.add(old, PASSWORD)
    new = an_account(
        id=old.id,
        external_id="new",
        tenant="acme",
        email=None,
        metadata={"a": "b"},
        incoming=replace(old.incoming, host="other.example.org", port=143, username="bob", ca_pem=None),
        auth_type="access_token",
        auth_expires_at=1_800_000_900.0,
        state=AccountState.CONNECTED,
        reason=REASON,
        created_at=2.0,
        updated_at=3.0,
    )
    await account_store.replace(new, ACCESS_TOKEN)
    assert await account_store.get(ADMIN, old.id) == replace(new, revision=2)
    assert (await account_store.plan(old.id))[0].credentials == ACCESS_TOKEN


async def test_replacing_without_credentials_keeps_them(account_store: SqlAccountStore) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    await account_store.replace(replace(account, email="new@example.org"), None)
    assert (await account_store.plan(account.id))[0].credentials == PASSWORD


async def test_replacing_what_changed_meanwhile_is_a_conflict_and_writes_nothing(
    account_store: SqlAccountStore,
) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    await account_store.replace(replace(account, email="first@example.org"), None)
    with pytest.raises(Conflict):
        await account_store.replace(replace(account, email="second@example.org"), ACCESS_TOKEN)
    assert (await account_store.get(ADMIN, account.id)).email == "first@example.org"
    assert (await account_store.plan(account.id))[0].credentials == PASSWORD


async def test_replacing_what_is_gone_is_a_conflict(account_store: SqlAccountStore) -> None:
    with pytest.raises(Conflict):
        await account_store.replace(an_account(), PASSWORD)


async def test_replacing_cannot_take_anothers_external_id(account_store: SqlAccountStore) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    await account_store.add(an_account(external_id="crm-7"), PASSWORD)
    with pytest.raises(Conflict):
        await account_store.replace(replace(account, external_id="crm-7"), None)


async def test_concurrent_read_modify_writes_keep_all(account_store: SqlAccountStore) -> None:
    account = an_account(metadata={"count": "0"})
    await account_store.add(account, PASSWORD)

    async def increment() -> None:
        while True:
            current = await account_store.get(ADMIN, account.id)
            count = str(int(current.metadata["count"]) + 1)
            try:
                return await account_store.replace(replace(current, metadata={"count": count}), None)
            except Conflict:
                continue

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(_times(10, increment))
    assert (await account_store.get(ADMIN, account.id)).metadata == {"count": "40"}


async def test_a_state_is_written_alone(account_store: SqlAccountStore) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    assert await account_store.set_state(account.id, AccountState.DISCONNECTED, REASON)
    expected = replace(account, state=AccountState.DISCONNECTED, reason=REASON)
    assert await account_store.get(ADMIN, account.id) == expected
    assert await account_store.set_state(account.id, AccountState.CONNECTED, None)
    assert (await account_store.get(ADMIN, account.id)).reason is None


async def test_a_state_never_wakes_a_paused_account(account_store: SqlAccountStore) -> None:
    account = an_account(state=AccountState.PAUSED, reason=REASON)
    await account_store.add(account, PASSWORD)
    assert not await account_store.set_state(account.id, AccountState.CONNECTED, None)
    assert await account_store.get(ADMIN, account.id) == account


async def test_a_state_of_nobody_is_not_written(account_store: SqlAccountStore) -> None:
    assert not await account_store.set_state(AccountId("acc_nobody"), AccountState.CONNECTED, None)


async def test_removing_erases_secret_and_mailboxes(
    account_store: SqlAccountStore, mailbox_store: SqlMailboxStore, database: Database
) -> None:
    gone, kept = an_account(), an_account()
    for number, account in enumerate((gone, kept)):
        await account_store.add(account, PASSWORD)
        await mailbox_store.write(account.id, [MailboxRow(number, "INBOX", 1, None)], [])
    await account_store.remove(gone.id)
    await account_store.remove(gone.id)  # twice is fine
    async with read(database) as connection:
        for table in (accounts, account_secrets, mailboxes):
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 1
    assert (await account_store.plan(kept.id))[0].credentials == Password(SECRET)


async def test_every_state_is_counted(account_store: SqlAccountStore) -> None:
    for state in (AccountState.CONNECTED, AccountState.CONNECTED, AccountState.PAUSED):
        await account_store.add(an_account(state=state), PASSWORD)
    counts = await account_store.count_by_state()
    assert counts == dict.fromkeys(AccountState, 0) | {AccountState.CONNECTED: 2, AccountState.PAUSED: 1}


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "x" * 5000], ids=["nul", "half a pair", "long"])
async def test_odd_keys_find_nothing_and_break_nothing(account_store: SqlAccountStore, odd: str) -> None:
    with pytest.raises(NotFound):
        await account_store.get(ADMIN, odd)
    assert await account_store.by_external_id(ADMIN, odd, "x") is None
    assert await account_store.by_external_id(ADMIN, None, odd) is None
    for where in (AccountFilter(external_id=odd), AccountFilter(tenant=odd)):
        assert await account_store.list(ADMIN, where, 10, None) == ()
    assert await account_store.list(ADMIN, AccountFilter(), 10, AccountId(odd)) == ()
    with pytest.raises(InvalidRequest):
        await account_store.add(an_account(external_id=odd), PASSWORD)


async def _times(count: int, work: Callable[[], Awaitable[None]]) -> None:
    for _ in range(count):
        await work()
