from dataclasses import replace

import pytest

from app.domain.errors import NotFound, StaleReference
from app.domain.events import AccountChanged, EventType, NewEvent
from app.domain.ids import new_id
from app.domain.lanes import Delivery
from app.domain.ports.webhooks import DeliveryFilter, DeliveryStore, Replay
from app.domain.webhooks import Answer, DeliveryId, Endpoint, EndpointId, EventFilter
from app.security.vault import Vault
from app.storage import limits
from app.storage.accounts import SqlAccountStore
from app.storage.deliveries import SqlDeliveryStore
from app.storage.endpoints import SqlEndpointStore
from app.storage.engine import Database
from app.storage.events import SqlEventLog
from app.storage.lanes import SqlLaneStore
from tests.storage.protocols import public_methods
from tests.storage.samples import PASSWORD, an_account
from tests.storage.test_endpoints import KEYS, an_endpoint
from tests.support.clock import FakeClock

ALL = DeliveryFilter()


@pytest.fixture
def store(database: Database) -> SqlDeliveryStore:
    return SqlDeliveryStore(database)


@pytest.fixture
async def endpoint(database: Database, vault: Vault) -> Endpoint:
    return await SqlEndpointStore(database, vault).add(an_endpoint(wants=EventFilter()), KEYS, 10)


def a_delivery(endpoint: Endpoint, **changes: object) -> Delivery:
    delivery = Delivery(
        id=DeliveryId(new_id("dlv")),
        endpoint=endpoint.id,
        event_id="evt_1",
        event_type="message.created",
        account=None,
        position=7,
        kind="live",
        attempt=2,
        at=1_800_000_000.125,
        answer=Answer(503, 0.25, body="busy", retry_after=3.5),
        next_attempt_at=1_800_000_003.5,
    )
    return replace(delivery, **changes)  # type: ignore[arg-type]


def test_it_implements_the_port() -> None:
    assert public_methods(SqlDeliveryStore) == public_methods(DeliveryStore)


async def test_what_was_put_in_comes_out(store: SqlDeliveryStore, endpoint: Endpoint) -> None:
    busy = a_delivery(endpoint)
    blocked = a_delivery(
        endpoint, answer=Answer(None, 0.0, "blocked", "private_address"), next_attempt_at=None, position=None
    )
    for one in (busy, blocked):
        await store.add(one)
        assert await store.get(endpoint.id, one.id) == one
    for other, name in ((EndpointId("whk_other"), busy.id), (endpoint.id, "dlv_none"), (endpoint.id, "nul\0")):
        with pytest.raises(NotFound):
            await store.get(other, name)


async def test_an_attempt_of_an_endpoint_that_is_gone_is_dropped(store: SqlDeliveryStore, endpoint: Endpoint) -> None:
    await store.add(replace(a_delivery(endpoint), endpoint=EndpointId("whk_gone")))
    assert await store.list(endpoint.id, ALL, 10, None) == ()


async def test_newest_first_page_by_page_also_of_one_moment(store: SqlDeliveryStore, endpoint: Endpoint) -> None:
    made = [a_delivery(endpoint, at=1_800_000_000.0 + number // 3) for number in range(10)]
    for one in made:
        await store.add(one)
    expected = [one.id for one in sorted(made, key=lambda one: (one.at, one.id), reverse=True)]
    found: list[str] = []
    before = None
    while page := await store.list(endpoint.id, ALL, 4, before):
        found += [one.id for one in page]
        before = (page[-1].at, page[-1].id)
    assert found == expected


async def test_filters(store: SqlDeliveryStore, endpoint: Endpoint) -> None:
    good = a_delivery(endpoint, answer=Answer(204, 0.1), event_id="evt_good")
    bad = [
        a_delivery(endpoint, answer=Answer(302, 0.1)),
        a_delivery(endpoint, answer=Answer(None, 0.1, "timeout")),
        a_delivery(endpoint, answer=Answer(199, 0.1)),
    ]
    for one in (good, *bad):
        await store.add(one)
    assert [one.id for one in await store.list(endpoint.id, DeliveryFilter(is_success=True), 9, None)] == [good.id]
    failed = await store.list(endpoint.id, DeliveryFilter(is_success=False), 9, None)
    assert {one.id for one in failed} == {one.id for one in bad}
    found = await store.list(endpoint.id, DeliveryFilter(event_id="evt_good"), 9, None)
    assert [one.id for one in found] == [good.id]
    assert await store.list(endpoint.id, DeliveryFilter(event_id="nul\0"), 9, None) == ()


async def test_the_log_is_purged_by_age(
    store: SqlDeliveryStore, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PURGE", 2)
    for number in range(7):
        await store.add(a_delivery(endpoint, at=100.0 + number))
    assert await store.purge(105.0) == 5
    assert [one.at for one in await store.list(endpoint.id, ALL, 9, None)] == [106.0, 105.0]


async def test_times_are_places_in_the_log(
    store: SqlDeliveryStore, account_store: SqlAccountStore, database: Database, clock: FakeClock
) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    log, begun = SqlEventLog(database, clock), clock.now()
    assert await store.positions(begun, None) == (0, 0)
    for _ in range(20):
        clock.advance(10)
        await log.append(account.id, None, [NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())] * 2)
    for second, position in ((0, 0), (10, 0), (11, 2), (20, 2), (20.5, 4), (200, 38), (201, 40), (10_000, 40)):
        assert await store.positions(begun + second, None) == (position, 40), second
    assert await store.positions(begun + 15, begun + 35) == (2, 6)
    await log.trim(begun + 100, 40)
    assert (await store.positions(begun, None))[0] <= 18
    assert await store.positions(begun + 105, None) == (20, 40)


async def test_only_what_the_log_has_is_sent_again(
    store: SqlDeliveryStore,
    endpoint: Endpoint,
    account_store: SqlAccountStore,
    database: Database,
    vault: Vault,
    clock: FakeClock,
) -> None:
    ours, theirs = an_account(tenant="acme"), an_account(tenant="other")
    log, lanes = SqlEventLog(database, clock), SqlLaneStore(database, vault)
    for account in (ours, theirs):
        await account_store.add(account, PASSWORD)
    written = [
        (await log.append(account.id, None, [NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())] * 3))[0]
        for account in (ours, theirs)
    ]
    with pytest.raises(StaleReference):
        await store.retry(endpoint.id, a_delivery(endpoint, event_id="evt_gone"), clock.now())
    assert await lanes.due(clock.now(), 0.0) == ()
    await store.retry(endpoint.id, a_delivery(endpoint, event_id=written[0].id), clock.now())
    await store.retry(endpoint.id, a_delivery(endpoint, event_id=written[0].id), clock.now())
    assert await lanes.due(clock.now(), 0.0) == (endpoint.id,)
    assert await lanes.keep_after() == 0
    whole = Replay("replay:1", 0, 6)
    assert await store.replay(endpoint, whole, clock.now()) == 2
    of_tenant = replace(endpoint, wants=EventFilter(tenant="acme"))
    assert await store.replay(of_tenant, replace(whole, slot="replay:2"), clock.now()) == 1
    of_account = replace(endpoint, wants=EventFilter(accounts=(theirs.id,)))
    assert await store.replay(of_account, replace(whole, slot="replay:3"), clock.now()) == 1
    assert await store.replay(endpoint, Replay("replay:4", 3, 6, ours.id), clock.now()) == 0
