"""Lanes at rest: claims, fences, and what must not be trimmed. What dispatchers make of it is in tests/webhooks."""

import asyncio
from dataclasses import replace

import pytest

from app.domain.events import AccountChanged, EventType, NewEvent
from app.domain.ids import AccountId
from app.domain.lanes import Claim, LaneKey, Report, Wake
from app.domain.ports.webhooks import LaneStore, RouterState, Turn
from app.domain.webhooks import Endpoint, EndpointState, EventFilter
from app.security.vault import Vault
from app.storage.accounts import SqlAccountStore
from app.storage.endpoints import SqlEndpointStore
from app.storage.engine import Database
from app.storage.events import SqlEventLog
from app.storage.lane_turn import SqlTurn
from app.storage.lanes import SqlLaneStore
from tests.storage.protocols import public_methods
from tests.storage.samples import PASSWORD, an_account
from tests.storage.test_endpoints import KEYS, an_endpoint
from tests.support.clock import FakeClock


@pytest.fixture
def store(database: Database, vault: Vault) -> SqlLaneStore:
    return SqlLaneStore(database, vault)


@pytest.fixture
def endpoints(database: Database, vault: Vault) -> SqlEndpointStore:
    return SqlEndpointStore(database, vault)


@pytest.fixture
async def endpoint(endpoints: SqlEndpointStore) -> Endpoint:
    return await endpoints.add(an_endpoint(wants=EventFilter()), KEYS, 10)


def key(endpoint: Endpoint, account: str = "acc_1") -> LaneKey:
    return LaneKey(endpoint.id, AccountId(account))


async def _state(store: SqlLaneStore) -> RouterState:
    state = await store.state()
    assert state is not None
    return state


async def _route(store: SqlLaneStore, wakes: list[Wake], position: int, now: float) -> None:
    async with store.turn() as turn:
        assert await turn.route(await _state(store), position, wakes, now)


def test_they_implement_their_ports() -> None:
    assert public_methods(SqlLaneStore).keys() == public_methods(LaneStore).keys()
    assert public_methods(SqlTurn).keys() - {"finish"} == public_methods(Turn).keys()


async def test_routing_with_older_endpoints_does_nothing(
    store: SqlLaneStore, endpoint: Endpoint, endpoints: SqlEndpointStore, clock: FakeClock
) -> None:
    before = await _state(store)
    await endpoints.add(an_endpoint(), KEYS, 10)
    async with store.turn() as turn:
        assert not await turn.route(before, 5, [Wake(key(endpoint), 1, 5)], clock.now())
        assert await turn.claim([Claim(endpoint.id, 5)], "me", clock.now(), clock.now() + 20) == ()
    await _route(store, [Wake(key(endpoint), 1, 5)], 5, clock.now())
    async with store.turn() as turn:
        assert not await turn.route(before, 5, [], clock.now())


async def test_an_endpoint_made_during_routing_misses_nothing(
    store: SqlLaneStore, endpoint: Endpoint, endpoints: SqlEndpointStore, clock: FakeClock
) -> None:
    """Whichever commits first: the router with the old endpoints, or the new endpoint, never both unseen."""
    for _ in range(5):
        before = await _state(store)

        async def route(before: RouterState = before) -> bool:
            async with store.turn() as turn:
                return await turn.route(before, before.position + 1, [], clock.now())

        _, was_routed = await asyncio.gather(endpoints.add(an_endpoint(), KEYS, 100), route())
        after = await _state(store)
        assert after.version == before.version + 1
        assert after.position == before.position + int(was_routed)


async def test_a_claimed_lane_is_nobody_elses_until_its_lease_ends(
    store: SqlLaneStore, endpoint: Endpoint, clock: FakeClock
) -> None:
    now = clock.now()
    await _route(store, [Wake(key(endpoint, f"acc_{number}"), 1, 5) for number in range(4)], 5, now)

    async def claim(holder: str, at: float, lanes: int = 3) -> list[int]:
        async with store.turn() as turn:
            return [lane.row for lane in await turn.claim([Claim(endpoint.id, lanes)], holder, at, at + 20)]

    first, second = await asyncio.gather(claim("a", now), claim("b", now))
    assert len(set(first) | set(second)) == len(first) + len(second)
    assert len(first) + len(second) <= 4
    await claim("c", now, 10)
    assert await claim("d", now + 19.9) == []
    assert len(await claim("d", now + 20)) == 3
    await store.release("d")
    assert len(await claim("e", now + 20, 10)) == 4
    await store.release("")
    assert len(await claim("f", now + 20, 10)) == 4


async def test_a_result_counts_only_while_the_fence_holds(
    store: SqlLaneStore, endpoint: Endpoint, clock: FakeClock
) -> None:
    now = clock.now()
    await _route(store, [Wake(key(endpoint), 1, 5)], 5, now)
    fences = []
    for at in (now, now + 30):
        async with store.turn() as turn:
            (lane,) = await turn.claim([Claim(endpoint.id, 1)], "me", at, at + 20)
            fences.append(lane.fence)
    report = Report(lane.row, fences[0], 5, 0, None, None, is_kept=False, lease_until=None)
    async with store.turn() as turn:
        assert await turn.record([report], {}, now) == {lane.row}
    async with store.turn() as turn:
        assert await turn.record([replace(report, fence=fences[1])], {}, now) == frozenset()
    assert await store.due(now + 100, 0.0) == ()
    assert await store.keep_after() == 5


async def test_a_lane_woken_while_it_is_held_goes_on(store: SqlLaneStore, endpoint: Endpoint, clock: FakeClock) -> None:
    now = clock.now()
    await _route(store, [Wake(key(endpoint), 1, 5)], 5, now)
    async with store.turn() as turn:
        (lane,) = await turn.claim([Claim(endpoint.id, 1)], "me", now, now + 20)
    await _route(store, [Wake(key(endpoint), 6, 9)], 9, now)
    report = Report(lane.row, lane.fence, 5, 0, None, None, is_kept=False, lease_until=None)
    async with store.turn() as turn:
        assert await turn.record([report], {}, now) == frozenset()
    async with store.turn() as turn:
        (again,) = await turn.claim([Claim(endpoint.id, 1)], "me", now, now + 20)
    assert (again.cursor, again.head) == (5, 9)


async def test_an_idle_lane_skips_what_it_did_not_want(
    store: SqlLaneStore, endpoint: Endpoint, clock: FakeClock
) -> None:
    now = clock.now()
    for first, last in ((1, 5), (4000, 4001)):
        await _route(store, [Wake(key(endpoint), first, last)], last, now)
        async with store.turn() as turn:
            (lane,) = await turn.claim([Claim(endpoint.id, 1)], "me", now, now + 20)
            assert (lane.cursor, lane.head) == (first - 1, last)
            report = Report(lane.row, lane.fence, last, 0, None, None, is_kept=False, lease_until=None)
            await turn.record([report], {}, now)


async def test_what_is_owed_is_kept_from_trimming_only_for_enabled_endpoints(
    store: SqlLaneStore,
    endpoint: Endpoint,
    endpoints: SqlEndpointStore,
    account_store: SqlAccountStore,
    database: Database,
    clock: FakeClock,
) -> None:
    account = an_account()
    await account_store.add(account, PASSWORD)
    log = SqlEventLog(database, clock)
    events = [NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())]
    begun = clock.now()
    for _ in range(5):
        await log.append(account.id, None, events)
        clock.advance(10)
    assert await store.keep_after() == 0
    assert await store.oldest_owed() == begun  # not routed yet
    await _route(store, [Wake(key(endpoint, account.id), 3, 5)], 5, clock.now())
    assert await store.keep_after() == 2
    assert await store.oldest_owed() == begun + 20
    (lane,) = await _claim_all(store, endpoint, clock.now())
    assert [event.position for event in (await store.owed([lane], 2))[lane.row]] == [3, 4]
    await endpoints.replace(replace(endpoint, state=EndpointState.PAUSED))
    assert await store.keep_after() is None
    assert await store.oldest_owed() is None


async def _claim_all(store: SqlLaneStore, endpoint: Endpoint, now: float):  # type: ignore[no-untyped-def]
    async with store.turn() as turn:
        return await turn.claim([Claim(endpoint.id, 100)], "me", now, now + 20)


async def test_many_lanes_are_read_together(
    store: SqlLaneStore,
    endpoint: Endpoint,
    account_store: SqlAccountStore,
    database: Database,
    clock: FakeClock,
) -> None:
    log, now = SqlEventLog(database, clock), clock.now()
    accounts = [an_account() for _ in range(60)]
    wakes = []
    for account in accounts:
        await account_store.add(account, PASSWORD)
        made = await log.append(account.id, None, [NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())] * 3)
        wakes.append(Wake(key(endpoint, account.id), made[0].position, made[-1].position))
    general = await log.append(None, "acme", [NewEvent(EventType.ACCOUNT_CONNECTED, AccountChanged())])
    wakes.append(Wake(key(endpoint, ""), general[0].position, general[0].position))
    await _route(store, wakes, general[0].position, now)
    lanes = await _claim_all(store, endpoint, now)
    assert len(lanes) == 61
    owed = await store.owed(lanes, 2)
    for lane in lanes:
        events = owed[lane.row]
        assert [event.account or "" for event in events] == [lane.key.account] * (2 if lane.key.account else 1)
        assert events[0].position == lane.cursor + 1
