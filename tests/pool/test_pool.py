"""Leasing: which connection, how many, who waits."""

import asyncio

import pytest

from app.domain.errors import (
    NotFound,
    ShuttingDown,
    StaleReference,
    TooManyConnections,
    UpstreamProtocolError,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.telemetry.trace import begin_call
from tests.pool.conftest import MakeWorld
from tests.pool.fakes import A, B, C, World, as_fake, settle, until


async def test_one_connection_serves_calls_that_follow_each_other(world: World) -> None:
    for _ in range(5):
        assert await world.touch() == f"{A}@mail.example"
    assert len(world.server.logins) == 1
    assert world.now == "<Pool idle=1 leased=0 opening=0 closing=0 waiting=0 accounts=1>"
    assert world.witness.heard == [(A, "connecting"), (A, "connected")]


async def test_repr_and_stats_tell_what_is_going_on(world: World) -> None:
    first = await world.hold()
    assert world.now == "<Pool idle=0 leased=1 opening=0 closing=0 waiting=0 accounts=1>"
    assert world.pool.stats().open == 1
    world.release_all()
    await first
    assert world.pool.stats().idle == 1


async def test_a_mailbox_is_not_selected_twice(world: World) -> None:
    held = [await world.hold(), await world.hold()]
    world.release_all()
    await asyncio.gather(*held)
    await world.touch(mailbox="INBOX")
    await world.touch(mailbox="Sent")
    trips = sum(session.round_trips for session in world.server.sessions)
    for mailbox in ("INBOX", "Sent", "Sent", "INBOX"):
        await world.touch(mailbox=mailbox)
    assert sum(session.round_trips for session in world.server.sessions) == trips + 4
    assert sorted(str(session.selected) for session in world.server.sessions) == ["INBOX", "Sent"]


async def test_a_third_mailbox_takes_the_connection_unused_longest(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=2)
    held = [await world.hold(), await world.hold()]
    world.release_all()
    await asyncio.gather(*held)
    await world.touch(mailbox="INBOX")
    await world.touch(mailbox="Sent")
    await world.touch(mailbox="INBOX")
    await world.touch(mailbox="Trash")
    assert sorted(str(session.selected) for session in world.server.sessions) == ["INBOX", "Trash"]


async def test_an_account_never_has_more_than_its_budget(world: World) -> None:
    held = [await world.hold() for _ in range(3)]
    waiting = [asyncio.create_task(world.touch()) for _ in range(20)]
    await settle()
    assert world.now == "<Pool idle=0 leased=3 opening=0 closing=0 waiting=20 accounts=1>"
    world.release_all()
    await asyncio.gather(*held, *waiting)
    assert world.server.most[A] == 3


async def test_waiting_ends_with_back_pressure_after_pool_wait(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1, pool_wait=5)
    held = await world.hold(timeout=60)
    waiting = asyncio.create_task(world.touch())
    await settle()
    await world.advance(4.9)
    assert not waiting.done()
    await world.advance(0.2)
    with pytest.raises(TooManyConnections) as error:
        await waiting
    assert error.value.retry_after
    assert world.meter.waits == ["ok", "too_many_connections"]
    world.release_all()
    await held
    assert world.now == "<Pool idle=1 leased=0 opening=0 closing=0 waiting=0 accounts=1>"


async def test_a_short_deadline_ends_waiting_before_pool_wait(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    held = await world.hold(timeout=60)
    waiting = asyncio.create_task(world.touch(timeout=1))
    await settle()
    await world.advance(1.01)
    with pytest.raises(TooManyConnections):
        await waiting
    world.release_all()
    await held


async def test_first_come_first_served(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    held = await world.hold()
    order: list[int] = []

    async def call(number: int) -> None:
        await world.touch()
        order.append(number)

    waiting = []
    for number in range(5):
        waiting.append(asyncio.create_task(call(number)))
        await settle()
    world.release_all()
    await asyncio.gather(held, *waiting)
    assert order == [0, 1, 2, 3, 4]


async def test_with_a_budget_of_one_interactive_calls_go_before_background_work(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    held = await world.hold()
    order: list[str] = []

    async def call(kind: str) -> None:
        await world.pool.run(A, None, lambda s, d: as_fake(s).touch(None, d), 10, kind == "interactive")
        order.append(kind)

    background = asyncio.create_task(call("background"))
    await settle()
    interactive = asyncio.create_task(call("interactive"))
    await settle()
    world.release_all()
    await asyncio.gather(held, background, interactive)
    assert order == ["interactive", "background"]


async def test_background_work_leaves_the_last_connection_to_interactive_calls(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=3)
    downloads = [await world.hold(interactive=False) for _ in range(2)]
    third = asyncio.create_task(world.holding(interactive=False))
    await settle()
    assert world.pool.stats().waiting == 1
    for _ in range(10):
        await world.touch()
    assert world.pool.stats().waiting == 1
    world.release_all()
    await asyncio.gather(*downloads)
    await until(lambda: world.server.busy.acquire(blocking=False))
    world.release_all()
    await third


async def test_background_work_waits_longer_than_interactive_calls(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=2, pool_wait=5)
    held = await world.hold(timeout=60)
    download = asyncio.create_task(world.holding(interactive=False, timeout=10))
    await settle()
    await world.advance(9)
    assert not download.done()
    await world.advance(1.1)
    with pytest.raises(TooManyConnections):
        await download
    world.release_all()
    await held


async def test_a_caller_who_leaves_swallows_no_connection(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    held = await world.hold()
    for _ in range(3):
        leaver = asyncio.create_task(world.touch())
        await settle()
        world.release_all()
        await until(held.done)
        leaver.cancel()  # perhaps in the very moment of the hand-over
        with pytest.raises(asyncio.CancelledError):
            await leaver
        await until(lambda: world.pool.stats().leased == 0 and world.pool.stats().closing == 0)
        held = await world.hold()
    world.release_all()
    await held
    assert world.server.most[A] == 1


async def test_cancelled_at_the_moment_of_hand_over_the_connection_goes_to_the_next(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    await world.touch()
    account = world.pool._registry.find(A)
    assert account is not None
    connection = world.pool._registry.take(account, None, True)
    assert connection is not None
    leaver, patient = asyncio.create_task(world.touch()), asyncio.create_task(world.touch())
    await settle()
    world.pool._give_back(connection, True)  # offers it to the first, who has not woken up yet
    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver
    assert await patient
    assert len(world.server.logins) == 1
    assert world.pool.stats().idle == 1


async def test_a_cancelled_operation_cuts_its_connection_and_frees_the_budget(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    held = await world.hold()
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    assert await world.touch()
    assert world.server.sessions[0].is_aborted
    assert world.server.sessions[0].is_closed
    assert world.server.most[A] == 1
    assert len(world.server.logins) == 2


async def test_an_operation_that_ignores_its_deadline_is_cut(world: World) -> None:
    held = await world.hold(timeout=10)
    await world.advance(10.5)
    assert not held.done()
    await world.advance(1)
    with pytest.raises(UpstreamTimeout):
        await held
    assert world.server.sessions[0].is_aborted
    await until(lambda: world.pool.stats().open == 0)


async def test_a_thread_that_never_comes_back_costs_its_slot_but_not_the_caller(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    held = await world.hold(timeout=10)
    world.server.sessions[0].ignores_abort = True
    await world.advance(11.1)
    await world.advance(1.1)
    with pytest.raises(UpstreamTimeout):
        await held
    assert world.pool.stats().leased == 1
    world.release_all()
    assert await world.touch()
    assert world.server.most[A] == 1


@pytest.mark.parametrize("error", [UpstreamRejected("no"), StaleReference("gone"), NotFound("none")])
async def test_after_an_answer_the_connection_stays(world: World, error: Exception) -> None:
    def refuse(session: object, deadline: float) -> None:
        raise error

    with pytest.raises(type(error)):
        await world.pool.run(A, None, refuse, 10)
    await world.touch()
    assert len(world.server.logins) == 1


@pytest.mark.parametrize("error", [UpstreamProtocolError("?"), UpstreamTimeout("late"), ValueError("bug")])
async def test_after_an_accident_the_connection_goes(world: World, error: Exception) -> None:
    def break_down(session: object, deadline: float) -> None:
        raise error

    with pytest.raises(type(error)):
        await world.pool.run(A, None, break_down, 10)
    await world.touch()
    assert len(world.server.logins) == 2
    assert len(world.server.alive) == 1


async def test_the_session_itself_has_the_last_word_on_being_usable(world: World) -> None:
    def spoil(session: object, deadline: float) -> None:
        session.is_usable = False  # type: ignore[attr-defined]  # a fake's field

    await world.pool.run(A, None, spoil, 10)
    await world.touch()
    assert len(world.server.logins) == 2


async def test_a_connection_that_died_while_idle_costs_the_caller_nothing(world: World) -> None:
    held = [await world.hold(), await world.hold()]
    world.release_all()
    await asyncio.gather(*held)
    for session in world.server.sessions:
        session.fault = UpstreamUnavailable("hung up")
    assert await world.touch()
    await until(lambda: world.pool.stats().closing == 0)
    assert len(world.server.logins) == 3
    assert len(world.server.alive) == 1


async def test_a_server_that_dies_again_is_told(world: World) -> None:
    await world.touch()
    world.server.fault = UpstreamUnavailable("hung up")
    with pytest.raises(UpstreamUnavailable):
        await world.touch()
    assert len(world.server.logins) == 2


async def test_a_fresh_connection_that_dies_is_not_retried(world: World) -> None:
    world.server.fault = UpstreamUnavailable("hung up")
    with pytest.raises(UpstreamUnavailable):
        await world.touch()
    assert len(world.server.logins) == 1


async def test_a_call_tells_what_it_cost(world: World) -> None:
    cost = begin_call()
    await world.touch()
    assert cost.round_trips == 2
    await world.touch()
    assert cost.round_trips == 3
    held = await world.hold()
    await world.advance(2)
    world.release_all()
    await held
    assert world.meter.round_trips == 3
    assert world.meter.mail == [("login", "ok"), ("operation", "ok"), ("operation", "ok"), ("operation", "ok")]


async def test_a_call_tells_how_long_it_waited(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    held = await world.hold()
    cost = begin_call()
    waiting = asyncio.create_task(world.touch())
    await settle()
    await world.advance(2)
    world.release_all()
    await waiting
    await held
    assert cost.pool_wait == 2


async def test_a_host_never_has_more_than_its_ceiling(world_of: MakeWorld) -> None:
    world = world_of(connections_per_host=2)
    world.credentials.hosts[C] = "other.example"
    held = [await world.hold(A), await world.hold(B)]
    more = asyncio.create_task(world.touch(A))
    assert await world.touch(C)
    await settle()
    assert not more.done()
    world.release_all()
    await asyncio.gather(*held, more)
    assert world.server.most["mail.example"] == 2


async def test_at_a_ceiling_the_longest_idle_connection_makes_room(world_of: MakeWorld) -> None:
    world = world_of(connections_total=2, connections_per_host=2)
    await world.touch(A)
    await world.touch(B)
    await world.touch(A)
    await world.touch(C)
    assert [session.username for session in world.server.alive] == [f"{A}@mail.example", f"{C}@mail.example"]
    assert world.server.most["*"] == 2
    assert world.server.sessions[1].was_polite


async def test_a_connection_that_comes_back_makes_room_for_another_account(world_of: MakeWorld) -> None:
    world = world_of(connections_total=1)
    held = await world.hold(A)
    others = [asyncio.create_task(world.touch(account)) for account in (B, C, B, C)]
    await settle()
    assert world.pool.stats().waiting == 4
    world.release_all()
    await asyncio.gather(held, *others)
    assert world.server.most["*"] == 1


async def test_hundreds_of_calls_of_many_accounts_exceed_no_ceiling_and_lose_none(world_of: MakeWorld) -> None:
    world = world_of(connections_total=7, connections_per_host=4, connections_per_account=2, logins_per_host=10_000)
    accounts = [A, B, C]
    world.credentials.hosts[C] = "other.example"
    calls = [asyncio.create_task(world.touch(accounts[n % 3], f"M{n % 5}", 60)) for n in range(300)]
    for number, call in enumerate(calls):
        if number % 7 == 0:
            call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 300 - len(calls[::7])
    await until(lambda: world.pool.stats().closing == 0 and world.pool.stats().opening == 0)
    stats = world.pool.stats()
    assert (stats.leased, stats.waiting) == (0, 0)
    assert stats.idle == len(world.server.alive) == world.pool._capacity.open
    assert world.server.most["*"] <= 7
    assert world.server.most["mail.example"] <= 4
    assert max(world.server.most[account] for account in accounts) <= 2


async def test_no_thread_is_shared_with_others_and_none_is_waited_for(world_of: MakeWorld) -> None:
    world = world_of(connections_total=50, connections_per_account=15, connections_per_host=50, logins_per_host=1000)
    held = [await world.hold(account) for account in (A, B, C) for _ in range(15)]
    assert world.pool.stats().leased == 45  # far more than the default executor has threads
    world.release_all()
    await asyncio.gather(*held)


async def test_a_queue_without_end_is_refused(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    held = await world.hold()
    calls = [asyncio.create_task(world.touch()) for _ in range(250)]
    await settle()
    assert world.pool.stats().waiting == 200
    world.release_all()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, TooManyConnections) for result in results) == 50
    await held


async def test_closing_refuses_new_calls_waits_for_running_ones_and_logs_out(world: World) -> None:
    await world.touch(B)
    held = await world.hold()
    closing = asyncio.create_task(world.pool.close(20))
    await settle()
    with pytest.raises(ShuttingDown):
        await world.touch()
    assert not closing.done()
    world.release_all()
    assert await held
    await closing
    assert world.server.alive == []
    assert all(session.was_polite for session in world.server.sessions)
    assert world.now == "<Pool idle=0 leased=0 opening=0 closing=0 waiting=0 accounts=0 closed>"


async def test_closing_cuts_what_does_not_end_in_time(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    held = await world.hold(timeout=60)
    waiting = asyncio.create_task(world.touch())
    await settle()
    closing = asyncio.create_task(world.pool.close(5))
    await settle()
    with pytest.raises(ShuttingDown):
        await waiting
    await world.advance(5.1)
    with pytest.raises(UpstreamUnavailable):
        await held
    await closing
    assert world.server.alive == []
