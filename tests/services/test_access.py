import asyncio
from dataclasses import dataclass, replace

import pytest

from app.domain.access import Principal, Scope
from app.domain.account import Password
from app.domain.errors import Forbidden, InvalidRequest, MailhatchError, NotFound, Unauthorized
from app.domain.ids import AccountId, TokenId
from app.security.tokens import new_token, parse_token
from app.services.access import Access, NewToken
from tests.services.conftest import CountedAccounts, CountedTokens
from tests.services.fakes import ADMIN, EVERYTHING, caller, stored_account
from tests.support.clock import FakeClock

READ = (Scope.MAIL_META_READ,)


@dataclass
class Scene:
    access: Access
    tokens: CountedTokens
    accounts: CountedAccounts
    clock: FakeClock

    async def token(self, principal: Principal = ADMIN, **wanted: object) -> str:
        new = NewToken(**{"name": "app", "scopes": READ, **wanted})  # type: ignore[arg-type]  # a test's shorthand
        return (await self.access.create(principal, new))[1]

    async def account(self, tenant: str | None = None) -> str:
        account = stored_account(tenant=tenant)
        await self.accounts.add(account, Password("p"))
        return account.id


@pytest.fixture
def scene(tokens: CountedTokens, store: CountedAccounts, clock: FakeClock) -> Scene:
    return Scene(Access(tokens, store, clock, 600), tokens, store, clock)


async def test_a_new_token_authenticates_as_what_it_was_granted(scene: Scene) -> None:
    account = await scene.account()
    text = await scene.token(accounts=[account], expires_in=60, requests_per_minute=30)
    principal = await scene.access.authenticate(text)
    assert principal.scopes == {Scope.MAIL_META_READ}
    assert principal.accounts == frozenset({AccountId(account)})
    assert principal.expires_at == scene.clock.now() + 60
    assert principal.requests_per_minute == 30
    assert await scene.access.principal(principal.token_id) == principal


async def test_unknown_wrong_expired_and_revoked_tokens_look_alike(scene: Scene) -> None:
    expired, revoked = await scene.token(expires_in=1), await scene.token()
    wrong = f"{revoked.rpartition('_')[0]}_{'0' * 40}"
    await scene.access.revoke(ADMIN, revoked.split("_")[1])
    scene.clock.advance(1)
    seen = set()
    for text in (new_token()[1], wrong, expired, revoked, "", "x" * 100_000, "mh_abcd_ä", "Bearer"):
        with pytest.raises(Unauthorized) as caught:
            await scene.access.authenticate(text)
        seen.add(caught.value.detail)
    assert len(seen) == 1


async def test_a_verified_token_is_not_looked_up_again_for_two_seconds(scene: Scene) -> None:
    text = await scene.token()
    for _ in range(100):
        await scene.access.authenticate(text)
    assert scene.tokens.finds == 1
    scene.clock.advance(2)
    await scene.access.authenticate(text)
    assert scene.tokens.finds == 2


async def test_a_wrong_secret_is_refused_while_the_right_one_is_remembered(scene: Scene) -> None:
    text = await scene.token()
    await scene.access.authenticate(text)
    with pytest.raises(Unauthorized):
        await scene.access.authenticate(f"{text.rpartition('_')[0]}_{'0' * 40}")


async def test_expiry_is_looked_at_while_the_token_is_remembered(scene: Scene) -> None:
    text = await scene.token(expires_in=1)
    await scene.access.authenticate(text)
    scene.clock.advance(1)
    with pytest.raises(Unauthorized):
        await scene.access.authenticate(text)


async def test_a_revocation_counts_at_once_even_against_a_lookup_under_way(scene: Scene) -> None:
    text = await scene.token()
    scene.tokens.hold = asyncio.Event()
    under_way = asyncio.create_task(scene.access.authenticate(text))
    while scene.tokens.finds == 0:
        await asyncio.sleep(0)
    hold, scene.tokens.hold = scene.tokens.hold, None
    await scene.access.revoke(ADMIN, text.split("_")[1])
    hold.set()
    await under_way  # it had been valid when it asked
    with pytest.raises(Unauthorized):
        await scene.access.authenticate(text)


async def test_what_another_process_revokes_shows_within_two_seconds(scene: Scene) -> None:
    text = await scene.token()
    principal = await scene.access.authenticate(text)
    await scene.tokens.revoke(principal.token_id, scene.clock.now())
    scene.clock.advance(2)
    with pytest.raises(Unauthorized):
        await scene.access.principal(principal.token_id)


async def test_a_scope_of_a_newer_version_is_passed_over(scene: Scene) -> None:
    record, text = await scene.access.create(ADMIN, NewToken("app", READ))
    parsed, newer = parse_token(text), replace(record, id=TokenId("newer"), scopes=("calendar.read", "mail.meta.read"))
    assert parsed is not None
    await scene.tokens.add(newer, parsed[1])
    assert (await scene.access.authenticate(text.replace(record.id, "newer"))).scopes == {Scope.MAIL_META_READ}


@pytest.mark.parametrize(
    ("new", "pointer"),
    [
        (NewToken("", READ), "/name"),
        (NewToken("a" * 201, READ), "/name"),
        (NewToken("a\r\nb", READ), "/name"),
        (NewToken("a\ud800", READ), "/name"),
        (NewToken("app", ()), "/scopes"),
        (NewToken("app", READ * 50), "/scopes"),
        (NewToken("app", ("mail.meta.read", "root")), "/scopes/1"),
        (NewToken("app", ("admin",), tenant="blue"), "/scopes"),
        (NewToken("app", READ, tenant=""), "/tenant"),
        (NewToken("app", READ, accounts=[]), "/accounts"),
        (NewToken("app", READ, accounts=["acc_none"]), "/accounts/0"),
        (NewToken("app", READ, accounts=["acc_none"] * 1001), "/accounts"),
        (NewToken("app", READ, expires_in=0), "/expires_in"),
        (NewToken("app", READ, expires_in=-1), "/expires_in"),
        (NewToken("app", READ, expires_in=float("nan")), "/expires_in"),
        (NewToken("app", READ, expires_in=1e12), "/expires_in"),
        (NewToken("app", READ, requests_per_minute=0), "/requests_per_minute"),
        (NewToken("app", READ, requests_per_minute=10_000_001), "/requests_per_minute"),
    ],
)
async def test_what_no_token_can_have_is_refused_with_its_place(scene: Scene, new: NewToken, pointer: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await scene.access.create(ADMIN, new)
    assert [problem.pointer for problem in caught.value.problems] == [pointer]
    assert await scene.tokens.rows() == ()


async def test_nobody_grants_what_they_do_not_have(scene: Scene) -> None:
    mine, foreign = await scene.account("blue"), await scene.account("red")
    blue = caller(scopes=frozenset({Scope.ACCOUNTS_MANAGE, Scope.MAIL_META_READ}), tenant="blue", rate=100)
    bound = replace(blue, accounts=frozenset({mine}), expires_at=scene.clock.now() + 100)  # type: ignore[arg-type]  # an id
    refused: list[tuple[Principal, NewToken, type[MailhatchError]]] = [
        (caller(scopes=frozenset({Scope.MAIL_WRITE})), NewToken("app", ("mail.write",)), Forbidden),
        (blue, NewToken("app", ("admin",)), Forbidden),
        (blue, NewToken("app", ("mail.body.read",)), Forbidden),
        (blue, NewToken("app", READ, tenant="red"), Forbidden),
        (blue, NewToken("app", READ, accounts=[foreign]), InvalidRequest),
        (blue, NewToken("app", READ, requests_per_minute=101), Forbidden),
        (bound, NewToken("app", READ, accounts=[foreign]), InvalidRequest),
        (bound, NewToken("app", READ, expires_in=101), InvalidRequest),
        (ADMIN, NewToken("app", READ, accounts=[foreign], tenant="blue"), InvalidRequest),
    ]
    for principal, new, error in refused:
        with pytest.raises(error):
            await scene.access.create(principal, new)
    assert await scene.tokens.rows() == ()


async def test_what_is_left_out_is_inherited(scene: Scene) -> None:
    mine = await scene.account("blue")
    bound = caller(tenant="blue", accounts=[mine], expires_at=scene.clock.now() + 100, rate=100)
    record, _ = await scene.access.create(bound, NewToken("app", READ))
    assert (record.tenant, record.accounts, record.requests_per_minute) == ("blue", (mine,), 100)
    assert record.expires_at == bound.expires_at
    assert record.created_by == bound.token_id


async def test_lists_and_revocations_stay_within_reach(scene: Scene) -> None:
    mine, other = await scene.account("blue"), await scene.account("blue")
    everyone = {
        "admin": await scene.token(scopes=("admin",)),
        "all": await scene.token(),
        "red": await scene.token(tenant="red"),
        "blue": await scene.token(tenant="blue"),
        "mine": await scene.token(tenant="blue", accounts=[mine]),
        "both": await scene.token(tenant="blue", accounts=[mine, other]),
    }
    ids = {name: text.split("_")[1] for name, text in everyone.items()}
    for principal, reach in (
        (ADMIN, set(ids)),
        (caller(), set(ids) - {"admin"}),
        (caller(tenant="blue"), {"blue", "mine", "both"}),
        (caller(tenant="blue", accounts=[mine]), {"mine"}),
        (caller(tenant="green"), set()),
    ):
        rows, following = await scene.access.list(principal, 200, None)
        assert {record.id for record in rows} == {ids[name] for name in reach}
        assert following is None
        for name in set(ids) - reach:
            with pytest.raises(NotFound):
                await scene.access.revoke(principal, ids[name])
    with pytest.raises(NotFound):
        await scene.access.revoke(ADMIN, "nosuchtoken")
    assert all(record.revoked_at is None for record in await scene.tokens.rows())


async def test_a_token_without_scopes_to_manage_may_revoke_itself_alone(scene: Scene) -> None:
    text, other = await scene.token(), await scene.token()
    principal = await scene.access.authenticate(text)
    with pytest.raises(Forbidden):
        await scene.access.revoke(principal, other.split("_")[1])
    with pytest.raises(Forbidden):
        await scene.access.list(principal, 10, None)
    await scene.access.revoke(principal, principal.token_id)
    with pytest.raises(Unauthorized):
        await scene.access.authenticate(text)


async def test_pages_hold_every_token_once(scene: Scene) -> None:
    made = {(await scene.token(tenant="blue")).split("_")[1] for _ in range(7)}
    await scene.token(tenant="red")
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(10):
        rows, cursor = await scene.access.list(caller(tenant="blue", scopes=EVERYTHING), 3, cursor)
        seen += [record.id for record in rows]
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)


async def test_the_first_start_makes_an_admin_token_and_the_second_does_not(scene: Scene) -> None:
    text = await scene.access.ensure_admin(None)
    assert text is not None
    assert (await scene.access.authenticate(text)).is_admin
    assert await scene.access.ensure_admin(None) is None
    await scene.access.revoke(await scene.access.authenticate(text), text.split("_")[1])
    assert await scene.access.ensure_admin(None) is not None, "the way back in after the last one was revoked"


async def test_the_given_admin_token_is_taken_and_a_changed_one_replaces_it(scene: Scene) -> None:
    first, second = new_token()[1], new_token()[1]
    assert await scene.access.ensure_admin(first) is None
    assert await scene.access.ensure_admin(first) is None
    assert (await scene.access.authenticate(first)).is_admin
    assert await scene.access.ensure_admin(second) is None
    assert (await scene.access.authenticate(second)).is_admin
    with pytest.raises(Unauthorized):
        await scene.access.authenticate(first)
    with pytest.raises(InvalidRequest, match="revoked"):
        await scene.access.ensure_admin(first)


async def test_a_client_cannot_make_a_token_that_counts_as_the_configured_one(scene: Scene) -> None:
    configured = new_token()[1]
    await scene.access.ensure_admin(configured)
    (record,) = await scene.tokens.rows()
    copy = await scene.token(name=record.name, scopes=("admin",))
    await scene.access.ensure_admin(new_token()[1])
    assert (await scene.access.authenticate(copy)).is_admin, "only the former one of the settings goes"


async def test_a_given_admin_token_that_cannot_be_is_refused_without_repeating_it(scene: Scene) -> None:
    ordinary = await scene.token()
    given = f"{new_token()[1]}"
    await scene.access.ensure_admin(given)
    for bad in ("letmein-please", ordinary, f"{given.rpartition('_')[0]}_{'0' * 40}"):
        with pytest.raises(InvalidRequest) as caught:
            await scene.access.ensure_admin(bad)
        assert bad.rpartition("_")[2] not in caught.value.detail


async def test_secrets_are_neither_stored_nor_logged(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    text = await scene.token()
    await scene.access.authenticate(text)
    await scene.access.revoke(ADMIN, text.split("_")[1])
    secret = text.rpartition("_")[2]
    logged = "".join(str(vars(record)) for record in caplog.records)
    assert secret not in logged + repr(await scene.tokens.rows()) + repr(scene.access)
    assert parse_token(text)
    assert [vars(record)["token"] for record in caplog.records if record.name == "app.services.access"] == [
        ADMIN.token_id
    ] * 2
