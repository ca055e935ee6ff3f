import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from app.domain.access import Principal, Scope
from app.domain.account import AccessToken, Account, AccountState, Credentials, Password, Security
from app.domain.errors import (
    AccountPaused,
    AuthenticationFailed,
    Conflict,
    Forbidden,
    HostNotAllowed,
    InvalidRequest,
    MailhatchError,
    NotFound,
    NotSupportedByServer,
    UpstreamTimeout,
    all_errors,
)
from app.domain.ports import AccountFilter
from app.services.account_patch import AccountPatch
from app.services.account_states import AccountStates
from app.services.accounts import AccountPolicy, Accounts, Verify
from tests.services.conftest import CountedAccounts
from tests.services.fakes import (
    ADMIN,
    EVERYTHING,
    SECRET,
    FakeGateway,
    caller,
    new_account,
    server,
)
from tests.support.clock import FakeClock

MANAGER = caller("manager")
WRONG = "wrong.example.com"


@dataclass
class Scene:
    accounts: Accounts
    store: CountedAccounts
    gateway: FakeGateway
    states: AccountStates
    clock: FakeClock

    async def idle(self) -> None:
        await self.accounts._background.idle()

    async def stored(self, account: Account) -> Account:
        return (await self.store.rows())[account.id][0]

    async def secret(self, account: Account) -> Credentials:
        return (await self.store.rows())[account.id][1]


@pytest.fixture
async def scene(store: CountedAccounts, clock: FakeClock) -> AsyncIterator[Scene]:
    gateway = FakeGateway(refusing={WRONG: AuthenticationFailed("Refused.")})
    states = AccountStates(store, clock, settle=0)
    accounts = Accounts(store, gateway, states, clock, AccountPolicy(allow_insecure_mail=False, verify_timeout=5))
    accounts.start()
    yield Scene(accounts, store, gateway, states, clock)
    await accounts.close()


async def test_verified_now_it_is_connected_from_the_start(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account("u1", metadata={"plan": "pro"}), "now")
    assert (account.state, account.revision, account.external_id) == (AccountState.CONNECTED, 1, "u1")
    assert scene.gateway.checked[0].credentials == Password(SECRET)
    assert await scene.accounts.get(MANAGER, account.id) == account


async def test_what_cannot_log_in_is_not_stored(scene: Scene) -> None:
    with pytest.raises(AuthenticationFailed, match="Refused"):
        await scene.accounts.create(MANAGER, new_account(incoming=server(WRONG)), "now")
    assert await scene.store.rows() == {}


async def test_every_failure_of_a_check_is_raised_as_its_own_error(scene: Scene) -> None:
    for kind in all_errors():
        error = kind("No.", capability="x") if kind is NotSupportedByServer else kind("No.")
        scene.gateway.refusing["odd.example.com"] = error
        with pytest.raises(kind, match="No"):
            await scene.accounts.create(MANAGER, new_account(incoming=server("odd.example.com")), "now")


async def test_verified_later_it_is_pending_and_connects_in_the_background(scene: Scene) -> None:
    later = await scene.accounts.create(MANAGER, new_account(), "later")
    never = await scene.accounts.create(MANAGER, new_account(), "never")
    assert (later.state, never.state) == (AccountState.PENDING, AccountState.PENDING)
    await scene.idle()
    assert scene.gateway.connected == [later.id]
    assert scene.gateway.checked == []


async def test_a_tenants_token_makes_accounts_of_its_tenant_alone(scene: Scene) -> None:
    blue = caller(tenant="blue")
    assert (await scene.accounts.create(blue, new_account(), "never")).tenant == "blue"
    assert (await scene.accounts.create(blue, new_account(tenant="blue"), "never")).tenant == "blue"
    with pytest.raises(Forbidden):
        await scene.accounts.create(blue, new_account(tenant="red"), "never")
    with pytest.raises(Forbidden):
        await scene.accounts.upsert(blue, "u1", new_account(tenant="red"), "never")


async def test_a_token_bound_to_accounts_makes_none(scene: Scene) -> None:
    mine = await scene.accounts.create(MANAGER, new_account("u1"), "never")
    bound = caller(accounts=[mine.id])
    with pytest.raises(Forbidden):
        await scene.accounts.create(bound, new_account(), "now")
    with pytest.raises(Forbidden):
        await scene.accounts.upsert(bound, "u2", new_account(), "now")
    account, is_new = await scene.accounts.upsert(bound, "u1", new_account(email=None), "never")
    assert (account.id, account.email, is_new) == (mine.id, None, False)


async def test_an_external_id_is_taken_once_in_its_tenant(scene: Scene) -> None:
    await scene.accounts.create(MANAGER, new_account("u1", "blue"), "never")
    await scene.accounts.create(MANAGER, new_account("u1", "red"), "never")
    other = await scene.accounts.create(MANAGER, new_account("u2", "blue"), "never")
    with pytest.raises(Conflict):
        await scene.accounts.create(MANAGER, new_account("u1", "blue"), "never")
    with pytest.raises(Conflict):
        await scene.accounts.patch(MANAGER, other.id, AccountPatch(external_id="u1"))


@pytest.mark.parametrize("verify", ["now", "later", "never"])
async def test_two_upserts_at_once_make_one_account(scene: Scene, verify: Verify) -> None:
    answers = await asyncio.gather(
        *(scene.accounts.upsert(MANAGER, "u1", new_account(email=f"{n}@example.com"), verify) for n in range(4))
    )
    assert len(await scene.store.rows()) == 1
    assert sorted(is_new for _, is_new in answers) == [False, False, False, True]
    assert (await scene.stored(answers[0][0])).email in {account.email for account, _ in answers}


async def test_an_upsert_of_the_same_writes_nothing_and_logs_in_nowhere(scene: Scene) -> None:
    first, _ = await scene.accounts.upsert(MANAGER, "u1", new_account(), "now")
    again, is_new = await scene.accounts.upsert(MANAGER, "u1", new_account(), "now")
    assert (again, is_new) == (first, False)
    assert len(scene.gateway.checked) == 1
    assert scene.gateway.forgotten == []


async def test_an_upsert_with_other_credentials_verifies_them_and_lets_the_old_connections_go(scene: Scene) -> None:
    first, _ = await scene.accounts.upsert(MANAGER, "u1", new_account(), "now")
    changed, _ = await scene.accounts.upsert(MANAGER, "u1", new_account(credentials=AccessToken("tok")), "now")
    assert (changed.id, changed.auth_type, changed.revision) == (first.id, "access_token", 2)
    assert scene.gateway.checked[-1].credentials == AccessToken("tok")
    assert scene.gateway.forgotten == [first.id]


async def test_an_upsert_that_cannot_log_in_changes_nothing(scene: Scene) -> None:
    first, _ = await scene.accounts.upsert(MANAGER, "u1", new_account(), "now")
    with pytest.raises(AuthenticationFailed):
        await scene.accounts.upsert(MANAGER, "u1", new_account(incoming=server(WRONG)), "now")
    assert await scene.stored(first) == first


async def test_an_upsert_of_a_failing_account_tries_it_again(scene: Scene) -> None:
    first, _ = await scene.accounts.upsert(MANAGER, "u1", new_account(), "now")
    await scene.store.set_state(first.id, AccountState.AUTHENTICATION_FAILED, None)
    again, _ = await scene.accounts.upsert(MANAGER, "u1", new_account(), "now")
    assert again.state is AccountState.CONNECTED
    assert scene.gateway.forgotten == [first.id], "the backoff is over as well"


async def test_a_batch_answers_for_each_item_and_verifies_few_at_a_time(scene: Scene) -> None:
    news = [new_account(f"u{n}", incoming=server(WRONG) if n == 3 else server()) for n in range(29)] + [
        new_account("u0")
    ]
    answers = await scene.accounts.create_many(MANAGER, news, "now")
    assert [type(answer) for n, answer in enumerate(answers) if n not in {3, 0, 29}] == [Account] * 27
    assert isinstance(answers[3], AuthenticationFailed)
    assert sorted(type(answers[n]).__name__ for n in (0, 29)) == ["Account", "Conflict"]
    assert 1 < scene.gateway.most_at_once <= 10


@pytest.mark.parametrize("count", [0, 101])
async def test_a_batch_is_bounded(scene: Scene, count: int) -> None:
    with pytest.raises(InvalidRequest):
        await scene.accounts.create_many(MANAGER, [new_account()] * count, "never")


async def test_a_bug_in_one_item_is_told_for_it_alone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(scene.gateway, "check", broken)
    (answer,) = await scene.accounts.create_many(MANAGER, [new_account()], "now")
    assert isinstance(answer, MailhatchError)
    assert answer.code == "internal_error"


async def test_pages_hold_every_account_once(scene: Scene) -> None:
    made = [(await scene.accounts.create(MANAGER, new_account(tenant="blue"), "never")).id for _ in range(5)]
    await scene.accounts.create(MANAGER, new_account(tenant="red"), "never")
    where = AccountFilter(tenant="blue")
    first, cursor = await scene.accounts.list(MANAGER, where, 3, None)
    assert cursor is not None
    second, end = await scene.accounts.list(MANAGER, where, 3, cursor)
    assert [account.id for account in first + second] == sorted(made)
    assert end is None
    with pytest.raises(InvalidRequest):
        await scene.accounts.list(MANAGER, AccountFilter(tenant="red"), 3, cursor)


async def test_a_patch_changes_what_it_mentions(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account("u1", metadata={"a": "1", "b": "2"}), "now")
    patched = await scene.accounts.patch(MANAGER, account.id, AccountPatch(metadata={"a": None, "c": "3"}))
    assert patched == replace(account, metadata={"b": "2", "c": "3"}, revision=2)
    assert (await scene.accounts.patch(MANAGER, account.id, AccountPatch(metadata=None, email=None))).metadata == {}
    assert (await scene.accounts.get(MANAGER, account.id)).email is None
    assert len(scene.gateway.checked) == 1, "none of this needs a login"
    assert scene.gateway.forgotten == []


async def test_a_patch_that_changes_nothing_writes_nothing(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account("u1"), "now")
    patch = AccountPatch(external_id="u1", port=993, host="IMAP.example.com.", credentials=Password(SECRET))
    assert await scene.accounts.patch(MANAGER, account.id, patch) == account
    assert len(scene.gateway.checked) == 1


async def test_new_credentials_are_verified_before_the_old_ones_go(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "now")
    await scene.accounts.reachable(MANAGER, account.id, Scope.MAIL_META_READ)
    scene.gateway.refusing[account.incoming.host] = AuthenticationFailed("Refused.")
    with pytest.raises(AuthenticationFailed):
        await scene.accounts.patch(MANAGER, account.id, AccountPatch(credentials=Password("new")))
    assert (await scene.stored(account), await scene.secret(account)) == (account, Password(SECRET))
    assert scene.gateway.forgotten == []
    del scene.gateway.refusing[account.incoming.host]
    await scene.accounts.patch(MANAGER, account.id, AccountPatch(credentials=Password("new")))
    assert await scene.secret(account) == Password("new")
    assert scene.gateway.forgotten == [account.id]


@pytest.mark.parametrize(
    "patch",
    [
        AccountPatch(host="evil.example.net"),
        AccountPatch(port=1143),
        AccountPatch(security=Security.NONE),
        AccountPatch(ca_pem="-----BEGIN CERTIFICATE-----"),
        AccountPatch(host="evil.example.net", username="ann"),
    ],
)
async def test_a_stored_password_cannot_be_sent_to_a_server_of_ones_own(scene: Scene, patch: AccountPatch) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "never")
    with pytest.raises(InvalidRequest) as caught:
        await scene.accounts.patch(MANAGER, account.id, patch)
    assert caught.value.problems[0].pointer == "/incoming/auth"
    assert scene.gateway.checked == []


async def test_a_move_to_another_server_with_credentials_is_verified_there(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "never")
    patch = AccountPatch(host="New.example.com", username="bob", credentials=Password("new"))
    patched = await scene.accounts.patch(MANAGER, account.id, patch)
    assert patched.incoming == server("new.example.com", username="bob")
    assert patched.state is AccountState.CONNECTED
    assert scene.gateway.checked[0].incoming == patched.incoming


async def test_only_an_admin_moves_an_account_to_another_tenant(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(tenant="blue"), "never")
    with pytest.raises(Forbidden):
        await scene.accounts.patch(MANAGER, account.id, AccountPatch(tenant="red"))
    await scene.accounts.patch(MANAGER, account.id, AccountPatch(tenant="blue"))
    assert (await scene.accounts.patch(ADMIN, account.id, AccountPatch(tenant="red"))).tenant == "red"
    with pytest.raises(NotFound):
        await scene.accounts.reachable(caller(tenant="blue"), account.id, Scope.MAIL_META_READ)


async def test_patches_at_once_are_all_kept(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "never")
    patches = [AccountPatch(metadata={str(n): "x"}) for n in range(4)]
    await asyncio.gather(*(scene.accounts.patch(MANAGER, account.id, patch) for patch in patches))
    assert (await scene.stored(account)).metadata == {str(n): "x" for n in range(4)}


async def test_a_removed_account_is_gone_everywhere(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "never")
    await scene.accounts.reachable(MANAGER, account.id, Scope.MAIL_META_READ)
    await scene.accounts.remove(MANAGER, account.id)
    assert await scene.store.rows() == {}
    assert scene.gateway.forgotten == [account.id]
    with pytest.raises(NotFound):
        await scene.accounts.reachable(MANAGER, account.id, Scope.MAIL_META_READ)


async def test_a_paused_account_is_closed_and_refuses_mail_until_resumed(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "now")
    await scene.accounts.reachable(MANAGER, account.id, Scope.MAIL_META_READ)
    paused = await scene.accounts.pause(MANAGER, account.id)
    assert paused.state is AccountState.PAUSED
    assert paused.reason is not None
    assert paused.reason.since == scene.clock.now()
    assert scene.gateway.forgotten == [account.id]
    assert await scene.accounts.pause(MANAGER, account.id) == paused
    with pytest.raises(AccountPaused):
        await scene.accounts.reachable(MANAGER, account.id, Scope.MAIL_META_READ)
    with pytest.raises(AccountPaused):
        await scene.accounts.reconnect(MANAGER, account.id)
    assert (await scene.accounts.patch(MANAGER, account.id, AccountPatch(email=None))).state is AccountState.PAUSED
    resumed = await scene.accounts.resume(MANAGER, account.id)
    assert (resumed.state, resumed.reason) == (AccountState.PENDING, None)
    assert await scene.accounts.resume(MANAGER, account.id) == resumed
    await scene.idle()
    assert scene.gateway.connected == [account.id]


async def test_new_credentials_do_not_resume_a_paused_account(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "now")
    await scene.accounts.pause(MANAGER, account.id)
    patched = await scene.accounts.patch(MANAGER, account.id, AccountPatch(credentials=Password("new")))
    assert patched.state is AccountState.PAUSED


async def test_reconnect_forgets_and_connects(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "now")
    assert await scene.accounts.reconnect(MANAGER, account.id) == account
    await scene.idle()
    assert scene.gateway.forgotten == scene.gateway.connected == [account.id]


async def test_a_check_reports_what_the_server_does_wrong(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "never")
    scene.gateway.refusing[account.incoming.host] = UpstreamTimeout("Too slow.")
    report = await scene.accounts.check(MANAGER, account.id)
    assert not report.ok
    assert report.steps[-1].error_code == "upstream_timeout"
    assert (await scene.accounts.check_server(MANAGER, server("other.example.com"), Password("p"))).ok
    with pytest.raises(HostNotAllowed, match="MAILHATCH_ALLOW_INSECURE_MAIL"):
        await scene.accounts.check_server(MANAGER, server(security=Security.NONE), Password("p"))


async def test_the_hot_path_reads_the_store_once_in_two_seconds(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account(tenant="blue"), "now")
    before = scene.store.reads
    for _ in range(100):
        await scene.accounts.reachable(MANAGER, account.id, Scope.MAIL_META_READ)
    assert scene.store.reads == before + 1
    with pytest.raises(NotFound):
        await scene.accounts.reachable(caller(tenant="red"), account.id, Scope.MAIL_META_READ)
    with pytest.raises(Forbidden):
        await scene.accounts.reachable(caller(scopes=frozenset()), account.id, Scope.MAIL_META_READ)
    scene.clock.advance(2)
    await scene.accounts.reachable(MANAGER, account.id, Scope.MAIL_META_READ)
    assert scene.store.reads == before + 2


Call = Callable[[Accounts, Principal, str], Awaitable[object]]

BY_ID: dict[str, Call] = {
    "get": lambda accounts, who, account: accounts.get(who, account),
    "reachable": lambda accounts, who, account: accounts.reachable(who, account, Scope.MAIL_META_READ),
    "patch": lambda accounts, who, account: accounts.patch(who, account, AccountPatch(email=None)),
    "patch credentials": lambda accounts, who, account: accounts.patch(
        who, account, AccountPatch(credentials=Password("x"))
    ),
    "remove": lambda accounts, who, account: accounts.remove(who, account),
    "pause": lambda accounts, who, account: accounts.pause(who, account),
    "resume": lambda accounts, who, account: accounts.resume(who, account),
    "reconnect": lambda accounts, who, account: accounts.reconnect(who, account),
    "check": lambda accounts, who, account: accounts.check(who, account),
    "capabilities": lambda accounts, who, account: accounts.capabilities(who, account),
}


def test_no_method_that_takes_an_account_is_left_out() -> None:
    taking = {
        name
        for name, method in inspect.getmembers(Accounts, inspect.isfunction)
        if not name.startswith("_") and "account_id" in inspect.signature(method).parameters
    }
    assert taking - {"cursor"} == {name.split()[0] for name in BY_ID}  # a cursor tells nothing of the account


@pytest.mark.parametrize("call", BY_ID.values(), ids=BY_ID)
@pytest.mark.parametrize("is_warm", [False, True])
async def test_a_foreign_account_is_one_that_does_not_exist(scene: Scene, call: Call, is_warm: bool) -> None:
    account = await scene.accounts.create(MANAGER, new_account("u1", "blue"), "now")
    other = await scene.accounts.create(MANAGER, new_account("u2", "red"), "now")
    if is_warm:
        await scene.accounts.reachable(MANAGER, account.id, Scope.MAIL_META_READ)
    before = await scene.store.rows()
    details = set()
    for who, target in (
        (caller(tenant="red"), account.id),
        (caller(accounts=[other.id]), account.id),
        (caller(tenant="blue", accounts=[other.id]), account.id),
        (ADMIN, "acc_00000000000000000000"),
        (ADMIN, "' OR 1=1 --"),
    ):
        with pytest.raises(NotFound) as caught:
            await call(scene.accounts, who, target)
        details.add(caught.value.detail)
    assert len(details) == 1
    assert await scene.store.rows() == before
    assert scene.gateway.forgotten == []
    await call(scene.accounts, caller(tenant="blue"), account.id)


async def test_a_foreign_account_is_in_no_list_and_no_upsert_touches_it(scene: Scene) -> None:
    account = await scene.accounts.create(MANAGER, new_account("u1", "blue"), "now")
    rows, _ = await scene.accounts.list(caller(tenant="red"), AccountFilter(external_id="u1"), 10, None)
    assert rows == ()
    other, is_new = await scene.accounts.upsert(caller(tenant="red"), "u1", new_account(email=None), "never")
    assert is_new
    assert other.id != account.id
    assert await scene.stored(account) == account


@pytest.mark.parametrize("call", [BY_ID[name] for name in BY_ID if name not in {"get", "reachable", "capabilities"}])
async def test_writing_needs_the_scope_to_manage(scene: Scene, call: Call) -> None:
    account = await scene.accounts.create(MANAGER, new_account(), "now")
    reader = caller(scopes=EVERYTHING - {Scope.ACCOUNTS_MANAGE})
    with pytest.raises(Forbidden) as caught:
        await call(scene.accounts, reader, account.id)
    assert caught.value.scope == "accounts.manage"
    for write in (
        scene.accounts.create(reader, new_account(), "never"),
        scene.accounts.upsert(reader, "u1", new_account(), "never"),
        scene.accounts.create_many(reader, [new_account()], "never"),
        scene.accounts.check_server(reader, server(), Password("p")),
    ):
        with pytest.raises(Forbidden):
            await write
    assert await scene.accounts.get(reader, account.id) == account
    with pytest.raises(Forbidden):
        await scene.accounts.get(caller(scopes=frozenset({Scope.WEBHOOKS_MANAGE})), account.id)


async def test_secrets_are_in_no_log_no_repr_and_no_error(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    new = new_account("u1", credentials=Password(SECRET))
    account = await scene.accounts.create(MANAGER, new, "now")
    await scene.accounts.patch(MANAGER, account.id, AccountPatch(credentials=Password(SECRET + "2")))
    with pytest.raises(AuthenticationFailed) as caught:
        await scene.accounts.create(MANAGER, new_account(incoming=server(WRONG)), "now")
    await scene.accounts.remove(MANAGER, account.id)
    records = [record for record in caplog.records if record.name.startswith("app.services")]
    assert [(vars(record)["token"], vars(record)["account"]) for record in records] == [
        (MANAGER.token_id, account.id)
    ] * 3
    logged = "".join(str(vars(record)) for record in caplog.records)
    shown = repr(new) + repr(AccountPatch(credentials=Password(SECRET))) + repr(scene.gateway.checked)
    assert SECRET not in logged + shown + str(caught.value)
