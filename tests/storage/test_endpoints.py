import asyncio
from dataclasses import replace

import pytest

from app.domain.access import Principal
from app.domain.errors import Conflict, NotFound
from app.domain.events import AccountChanged, EventType, NewEvent
from app.domain.ids import AccountId, new_id
from app.domain.ports.webhooks import EndpointStore
from app.domain.webhooks import (
    HEALTHY,
    Endpoint,
    EndpointHealth,
    EndpointId,
    EndpointKey,
    EndpointState,
    EventFilter,
)
from app.security.keyring import KeyringError, generate_key, parse_keyring
from app.security.vault import Vault
from app.storage.accounts import SqlAccountStore
from app.storage.endpoints import SqlEndpointStore
from app.storage.engine import Database
from app.storage.events import SqlEventLog
from app.storage.rotation import reseal_endpoints
from tests.storage.protocols import public_methods
from tests.storage.samples import ADMIN, PASSWORD, a_principal, an_account
from tests.support.clock import FakeClock

KEYS = [EndpointKey("whsec_" + "A" * 44), EndpointKey("whsec_" + "B" * 44, 1_800_000_100.5)]


def an_endpoint(**changes: object) -> Endpoint:
    endpoint = Endpoint(
        id=EndpointId(new_id("whk")),
        url="https://receiver.example/hook?a=b",
        description="orders",
        wants=EventFilter(
            accounts=(AccountId("acc_1"), AccountId("acc_2")),
            tenant="acme",
            mailboxes=("inbox", "mbx_x"),
            types=("message.created",),
        ),
        payload="summary",
        ordering="none",
        hold_for=60.5,
        concurrency=3,
        rate=2.5,
        state=EndpointState.ENABLED,
        reason=None,
        health=EndpointHealth(1.5, 3, "acc_1", is_down=True, looks=2, is_reached=True, look_at=9.5, looked_at=8.5),
        since=0,
        created_at=1_800_000_000.125,
        updated_at=1_800_000_000.25,
        revision=1,
    )
    return replace(endpoint, **changes)  # type: ignore[arg-type]


@pytest.fixture
def store(database: Database, vault: Vault) -> SqlEndpointStore:
    return SqlEndpointStore(database, vault)


def test_it_implements_the_port() -> None:
    assert public_methods(SqlEndpointStore) == public_methods(EndpointStore)


async def test_what_was_put_in_comes_out(store: SqlEndpointStore) -> None:
    endpoint = an_endpoint()
    assert await store.add(endpoint, KEYS, 10) == endpoint
    assert await store.get(ADMIN, endpoint.id) == endpoint
    assert list(await store.keys(endpoint.id)) == KEYS
    plain = an_endpoint(wants=EventFilter(), description=None, rate=None, health=HEALTHY)
    await store.add(plain, KEYS[:1], 10)
    assert await store.get(ADMIN, plain.id) == plain


async def test_it_is_for_events_after_it(
    store: SqlEndpointStore, account_store: SqlAccountStore, database: Database, clock: FakeClock
) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    log = SqlEventLog(database, clock)
    assert (await store.add(an_endpoint(), KEYS, 10)).since == 0
    await log.append(account.id, None, [NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())] * 3)
    later = await store.add(an_endpoint(), KEYS, 10)
    assert later.since == 3
    await log.append(account.id, None, [NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())])
    assert (await store.replace(later)).since == 3
    assert (await store.replace(replace(later, revision=2), is_from_now=True)).since == 4


REACH: list[tuple[Principal, EventFilter, bool]] = [
    (ADMIN, EventFilter(), True),
    (ADMIN, EventFilter(tenant="acme"), True),
    (a_principal(tenant="acme"), EventFilter(tenant="acme"), True),
    (a_principal(tenant="acme"), EventFilter(), False),
    (a_principal(tenant="acme"), EventFilter(tenant="other"), False),
    (a_principal(accounts=frozenset({AccountId("a")})), EventFilter(accounts=(AccountId("a"),)), True),
    (a_principal(accounts=frozenset({AccountId("a")})), EventFilter(), False),
    (
        a_principal(accounts=frozenset({AccountId("a")})),
        EventFilter(accounts=(AccountId("a"), AccountId("b"))),
        False,
    ),
    (a_principal(accounts=frozenset(), tenant="acme"), EventFilter(tenant="acme"), False),
]


@pytest.mark.parametrize(("principal", "wants", "is_reached"), REACH)
async def test_an_endpoint_is_found_within_reach_alone(
    store: SqlEndpointStore, principal: Principal, wants: EventFilter, is_reached: bool
) -> None:
    endpoint = an_endpoint(wants=wants)
    await store.add(endpoint, KEYS, 10)
    assert [one.id for one in await store.list(principal, 10, None)] == [endpoint.id] * is_reached
    if is_reached:
        assert (await store.get(principal, endpoint.id)).id == endpoint.id
    else:
        with pytest.raises(NotFound):
            await store.get(principal, endpoint.id)


@pytest.mark.parametrize("name", ["whk_none", "", "x" * 5000, "nul\0", "\ud800"])
async def test_what_is_no_endpoint_is_not_found(store: SqlEndpointStore, name: str) -> None:
    with pytest.raises(NotFound):
        await store.get(ADMIN, name)


async def test_pages(store: SqlEndpointStore) -> None:
    made = sorted([(await store.add(an_endpoint(), KEYS, 100)).id for _ in range(7)])
    first = await store.list(ADMIN, 3, None)
    rest = await store.list(ADMIN, 10, first[-1].id)
    assert [one.id for one in (*first, *rest)] == made


async def test_a_tenant_has_its_bound(store: SqlEndpointStore) -> None:
    for tenant in ("acme", "acme", "other", None):
        await store.add(an_endpoint(wants=EventFilter(tenant=tenant)), KEYS, 2)
    with pytest.raises(Conflict):
        await store.add(an_endpoint(wants=EventFilter(tenant="acme")), KEYS, 2)
    await store.add(an_endpoint(wants=EventFilter()), KEYS, 2)
    with pytest.raises(Conflict):
        await store.add(an_endpoint(wants=EventFilter()), KEYS, 2)


async def test_of_two_writers_one_is_told(store: SqlEndpointStore) -> None:
    endpoint = await store.add(an_endpoint(), KEYS, 10)
    results = await asyncio.gather(
        *(store.replace(replace(endpoint, description=str(number))) for number in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, Conflict) for one in results) == 3
    with pytest.raises(Conflict):
        await store.set_keys(endpoint, KEYS)
    current = await store.get(ADMIN, endpoint.id)
    assert current.revision == 2
    await store.set_keys(current, KEYS[1:])
    assert list(await store.keys(endpoint.id)) == KEYS[1:]


async def test_what_is_removed_is_gone_with_its_secret(store: SqlEndpointStore) -> None:
    endpoint = await store.add(an_endpoint(), KEYS, 10)
    await store.remove(endpoint.id)
    for finding in (store.get(ADMIN, endpoint.id), store.keys(endpoint.id)):
        with pytest.raises(NotFound):
            await finding
    with pytest.raises(Conflict):
        await store.replace(endpoint)


async def test_secrets_are_sealed_and_rotate_with_the_key(database: Database) -> None:
    old_key, new_key = generate_key("k1"), generate_key("k2")
    old = SqlEndpointStore(database, Vault(parse_keyring(old_key)))
    both = Vault(parse_keyring(f"{new_key},{old_key}"))
    made = [await old.add(an_endpoint(), KEYS, 10) for _ in range(3)]
    assert await reseal_endpoints(database, both, 2) == 3
    assert await reseal_endpoints(database, both, 2) == 0
    new = SqlEndpointStore(database, Vault(parse_keyring(new_key)))
    for endpoint in made:
        assert list(await new.keys(endpoint.id)) == KEYS
        with pytest.raises(KeyringError):
            await old.keys(endpoint.id)
    assert "whsec_" not in repr(KEYS)
