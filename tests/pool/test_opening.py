"""Logins: backoff, what the server asked for, what the observer hears."""

import asyncio
import threading
from itertools import pairwise

import pytest

from app.domain.errors import (
    AccountPaused,
    AuthenticationFailed,
    InternalError,
    MailhatchError,
    NotFound,
    TooManyConnections,
    UpstreamThrottled,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from tests.pool.conftest import MakeWorld
from tests.pool.fakes import A, World, as_fake, settle, until


async def test_a_failed_login_is_told_to_all_who_wait_and_then_at_once(world: World) -> None:
    world.server.login_gate = threading.Event()
    world.server.login_faults = [UpstreamUnavailable("refused")] * 3
    calls = [asyncio.create_task(world.touch()) for _ in range(6)]
    for _ in range(3):
        await until(lambda: world.server.dialling.acquire(blocking=False))
    world.server.login_gate.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [UpstreamUnavailable] * 6
    assert len({id(result) for result in results}) == 6  # one exception in two tasks would mix up tracebacks
    with pytest.raises(UpstreamUnavailable) as error:
        await world.touch()
    assert error.value.retry_after is not None
    assert 0 < error.value.retry_after <= 4.8
    assert len(world.server.logins) == 3


async def test_backoff_doubles_up_to_five_minutes_and_one_probe_at_a_time_is_made(world: World) -> None:
    world.server.login_faults = [UpstreamUnavailable("refused")] * 12
    delays = []
    for attempt in range(1, 13):
        calls = await asyncio.gather(*(world.touch() for _ in range(5)), return_exceptions=True)
        assert [type(call) for call in calls] == [UpstreamUnavailable] * 5
        if attempt > 1:  # the very first calls find a server that nothing is known of
            assert len(world.server.logins) == 2 + attempt
        delay = world.pool._registry.obtain(A).breaker.retry_at - world.clock.monotonic()
        delays.append(delay)
        await world.advance(delay - 0.01)
        with pytest.raises(UpstreamUnavailable):
            await world.touch()
        await world.advance(0.02)
        if len(world.server.login_faults) == 0:
            break
    assert delays[-1] <= 300 + 1e-6
    assert delays[-1] >= 240
    for shorter, longer in pairwise(delays):
        assert longer > shorter or longer >= 240
    assert await world.touch()
    assert world.witness.heard[-1] == (A, "connected")


async def test_the_pause_a_server_asks_for_is_kept(world: World) -> None:
    world.server.login_faults = [UpstreamThrottled("slow down", retry_after=90)]
    with pytest.raises(UpstreamThrottled):
        await world.touch()
    await world.advance(89)
    with pytest.raises(UpstreamThrottled) as error:
        await world.touch()
    assert error.value.retry_after == pytest.approx(1)
    await world.advance(1.1)
    assert await world.touch()


async def test_a_server_that_asks_for_years_is_asked_again_within_the_hour(world: World) -> None:
    world.server.login_faults = [UpstreamUnavailable("closed for good", retry_after=1e9)]
    with pytest.raises(UpstreamUnavailable):
        await world.touch()
    await world.advance(3601)
    assert await world.touch()


async def test_a_throttled_operation_rests_the_open_connections_too(world: World) -> None:
    await world.touch()

    def throttled(session: object, deadline: float) -> None:
        raise UpstreamThrottled("slow down", retry_after=30)

    held = await world.hold()
    with pytest.raises(UpstreamThrottled):
        await world.pool.run(A, None, throttled, 10)
    world.release_all()
    await held
    assert world.pool.stats().idle == 1
    with pytest.raises(UpstreamThrottled) as error:
        await world.touch()
    assert error.value.retry_after == pytest.approx(30)
    await world.advance(31)
    assert await world.touch()


async def test_no_login_storm_after_refused_credentials(world: World) -> None:
    world.server.login_faults = [AuthenticationFailed("wrong")]
    with pytest.raises(AuthenticationFailed):
        await world.touch()
    assert world.witness.heard == [(A, "connecting"), (A, "authentication_failed")]
    assert world.witness.next_attempts == [world.clock.now() + 900]
    for _ in range(89):
        with pytest.raises(AuthenticationFailed) as error:
            await world.touch()
        assert error.value.retry_after
        await world.advance(10)
    assert len(world.server.logins) == 1
    await world.advance(11)
    assert await world.touch()


async def test_new_credentials_are_tried_at_once(world: World) -> None:
    world.server.login_faults = [AuthenticationFailed("wrong")]
    with pytest.raises(AuthenticationFailed):
        await world.touch()
    await world.pool.forget(A)
    assert await world.touch()
    assert world.witness.heard[-1] == (A, "connected")


@pytest.mark.parametrize("error", [NotFound("none"), AccountPaused("paused")])
async def test_what_the_credential_source_says_is_no_failure_of_the_server(world: World, error: MailhatchError) -> None:
    world.credentials.fault = error
    for _ in range(2):
        with pytest.raises(type(error)):
            await world.touch()
    assert world.server.logins == []
    assert world.witness.heard == []
    world.credentials.fault = None
    assert await world.touch()


async def test_an_expired_token_is_reported_but_dials_nobody(world: World) -> None:
    world.credentials.fault = AuthenticationFailed("expired")
    with pytest.raises(AuthenticationFailed):
        await world.touch()
    assert world.server.logins == []
    assert world.witness.heard == [(A, "authentication_failed")]
    assert world.witness.next_attempts == [None]


async def test_a_bug_while_connecting_is_an_internal_error_and_leaks_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.server.login_faults = [KeyError("bug")]
    with pytest.raises(InternalError):
        await world.touch()
    assert "unexpected" in caplog.text
    assert world.pool._capacity.open == 0
    await world.advance(5)
    assert await world.touch()


async def test_a_call_with_little_time_does_not_make_the_server_look_dead(world: World) -> None:
    world.server.login_gate = threading.Event()
    call = asyncio.create_task(world.touch(timeout=1))
    await until(lambda: world.server.dialling.acquire(blocking=False))
    await world.advance(1.01)
    with pytest.raises(UpstreamTimeout):
        await call
    world.server.login_gate.set()
    await until(lambda: world.pool.stats().idle == 1)
    assert world.witness.heard == [(A, "connecting"), (A, "connected")]
    assert await world.touch()
    assert len(world.server.logins) == 1


async def test_a_slow_login_is_waited_for_beyond_pool_wait(world_of: MakeWorld) -> None:
    world = world_of(pool_wait=1)
    world.server.login_gate = threading.Event()
    call = asyncio.create_task(world.touch(timeout=10))
    await until(lambda: world.server.dialling.acquire(blocking=False))
    await world.advance(9)
    assert not call.done()
    world.server.login_gate.set()
    assert await call


async def test_a_connection_more_that_fails_leaves_those_that_work(world: World) -> None:
    held = await world.hold()
    world.server.login_faults = [UpstreamUnavailable("too many connections for this user")]
    second = asyncio.create_task(world.touch())
    await until(lambda: len(world.server.logins) == 2 and world.pool.stats().opening == 0)
    assert not second.done()
    assert (A, "upstream_unavailable") not in world.witness.heard
    world.release_all()
    await held
    assert await second
    assert len(world.server.logins) == 2


async def test_a_failure_kept_back_is_told_when_the_last_connection_goes(world: World) -> None:
    held = await world.hold()
    world.server.login_faults = [UpstreamUnavailable("refused")]
    second = asyncio.create_task(world.touch())
    await until(lambda: len(world.server.logins) == 2 and world.pool.stats().opening == 0)
    held.cancel()
    with pytest.raises(UpstreamUnavailable):
        await second
    assert world.witness.heard[-1] == (A, "upstream_unavailable")


async def test_logins_to_one_host_are_paced_over_all_accounts(world_of: MakeWorld) -> None:
    world = world_of(logins_per_host=2, pool_wait=60)
    calls = [asyncio.create_task(world.touch(f"acc_{n}", timeout=60)) for n in range(5)]  # type: ignore[arg-type]  # any id
    for due in (2, 4, 5):
        await until(lambda due=due: len(world.server.logins) == due)  # type: ignore[misc]  # bound now
        await world.advance(0.9)
        assert len(world.server.logins) == due
        await world.advance(0.1)
    await asyncio.gather(*calls)


async def test_waiting_for_the_pace_counts_against_the_deadline(world_of: MakeWorld) -> None:
    world = world_of(logins_per_host=0.1, pool_wait=5)
    await world.touch()
    held = await world.hold(timeout=60)
    call = asyncio.create_task(world.touch())
    await settle()
    await world.advance(5.1)
    with pytest.raises(TooManyConnections):
        await call
    world.release_all()
    await held
    await world.advance(10)
    await until(lambda: world.pool.stats().opening == 0)
    assert len(world.server.logins) == 1  # nobody wanted it any more, so it was not made


async def test_forget_logs_out_and_dooms_what_is_running(world: World) -> None:
    await world.touch()
    held = await world.hold()
    other = asyncio.create_task(world.touch())
    await other
    await world.pool.forget(A)
    assert [session.was_polite for session in world.server.sessions if session.is_closed] == [True]
    world.release_all()
    assert await held
    await until(lambda: world.pool.stats().closing == 0)
    assert world.server.alive == []
    assert world.now == "<Pool idle=0 leased=0 opening=0 closing=0 waiting=0 accounts=0>"


async def test_a_login_with_old_credentials_is_not_used_after_forget(world: World) -> None:
    world.server.login_gate = threading.Event()
    call = asyncio.create_task(world.touch())
    await until(lambda: world.server.dialling.acquire(blocking=False))
    await world.pool.forget(A)
    world.server.login_gate.set()
    assert await call
    assert len(world.server.logins) == 2
    await until(lambda: world.pool.stats().closing == 0)
    assert world.server.alive == [world.server.sessions[1]] or world.server.alive == [world.server.sessions[0]]
    assert world.pool.stats().idle == 1


async def test_credentials_read_before_forget_log_nobody_in_after_it(world: World) -> None:
    world.credentials.gate = asyncio.Event()
    world.credentials.hosts[A] = "old.example"
    call = asyncio.create_task(world.touch())
    await settle()
    world.credentials.hosts[A] = "new.example"
    await world.pool.forget(A)
    world.credentials.gate.set()
    assert await call == f"{A}@new.example"
    assert world.server.most.get("old.example") is None


async def test_the_failure_of_old_credentials_is_not_held_against_new_ones(world: World) -> None:
    world.server.login_gate = threading.Event()
    world.server.login_faults = [AuthenticationFailed("old password")]
    call = asyncio.create_task(world.touch())
    await until(lambda: world.server.dialling.acquire(blocking=False))
    await world.pool.forget(A)
    world.server.login_gate.set()
    assert await call
    assert (A, "authentication_failed") not in world.witness.heard


async def test_forget_does_not_wait_for_a_server_that_does_not_log_out(world: World) -> None:
    await world.touch()
    world.server.logout_gate = threading.Event()
    forgetting = asyncio.create_task(world.pool.forget(A))
    await settle()
    assert world.pool.stats().closing == 1
    await world.advance(3.1)
    await forgetting
    assert world.server.sessions[0].is_aborted


async def test_a_connection_on_its_way_out_counts_against_the_budget(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1)
    await world.touch()
    world.server.logout_gate = threading.Event()
    forgetting = asyncio.create_task(world.pool.forget(A))
    call = asyncio.create_task(world.touch())
    await settle()
    assert len(world.server.logins) == 1
    world.server.logout_gate.set()
    assert await call
    await forgetting
    assert world.server.most[A] == 1


async def test_idle_connections_are_closed_and_the_account_is_forgotten(world_of: MakeWorld) -> None:
    world = world_of(connection_idle=120)
    await world.touch()
    await world.advance(60)
    await world.touch()
    await world.advance(100)
    assert world.pool.stats().idle == 1
    await world.advance(36)
    await until(lambda: world.pool.stats().accounts == 0)
    assert world.server.sessions[0].was_polite
    await world.advance(20)
    assert world.pool._capacity.hosts == 0
    assert world.pool._reaper._task is not None
    await until(world.pool._reaper._task.done)
    assert await world.touch()


async def test_lifetimes_end_within_ten_percent_and_not_together(world_of: MakeWorld) -> None:
    world = world_of(connection_lifetime=1000, connection_idle=1500, connections_per_account=15)
    held = [await world.hold() for _ in range(15)]
    world.release_all()
    await asyncio.gather(*held)
    ends = {connection.retire_at - world.clock.monotonic() for connection in world.pool._capacity.idle}
    assert len(ends) == 15
    assert 900 <= min(ends) < max(ends) <= 1100
    await world.advance(890)
    assert len(world.server.alive) == 15
    await world.advance(220)
    await until(lambda: not world.server.alive)


async def test_a_busy_connection_is_replaced_when_it_comes_back_old(world_of: MakeWorld) -> None:
    world = world_of(connection_lifetime=100, connection_idle=90)
    held = await world.hold(timeout=300)
    await world.advance(111)
    world.release_all()
    await held
    await until(lambda: not world.server.alive)
    assert world.server.sessions[0].was_polite


async def test_a_backoff_is_remembered_for_a_while_and_not_for_ever(world: World) -> None:
    world.server.login_faults = [UpstreamUnavailable("refused")]
    with pytest.raises(UpstreamUnavailable):
        await world.touch()
    await world.advance(60)
    assert world.pool.stats().accounts == 1
    for _ in range(4):
        await world.advance(200)
    assert world.pool.stats().accounts == 0


async def test_probe_stays_outside_budget_and_backoff_but_under_the_ceiling(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=1, connections_per_host=2)
    held = [await world.hold()]
    incoming = (await world.credentials.plan(A)).incoming
    assert await world.pool.probe(incoming, lambda deadline: deadline, 10) == world.clock.monotonic() + 10
    gate = threading.Event()
    probe = asyncio.create_task(world.pool.probe(incoming, lambda _: gate.wait(60), 10))
    await until(lambda: world.pool._capacity.open == 2)
    refused = asyncio.create_task(world.pool.probe(incoming, lambda _: None, 10))
    await settle()
    await world.advance(5.1)
    with pytest.raises(TooManyConnections):
        await refused
    gate.set()
    assert await probe
    world.release_all()
    await asyncio.gather(*held)
    assert world.pool._capacity.open == 1


async def test_a_probe_that_overruns_or_is_cancelled_keeps_its_slot_until_its_thread_is_back(world: World) -> None:
    incoming = (await world.credentials.plan(A)).incoming
    gate = threading.Event()
    probe = asyncio.create_task(world.pool.probe(incoming, lambda _: gate.wait(60), 10))
    await until(lambda: world.pool._capacity.open == 1)
    await settle()
    await world.advance(11.1)
    with pytest.raises(UpstreamTimeout):
        await probe
    assert world.pool._capacity.open == 1
    gate.set()
    await until(lambda: world.pool._capacity.open == 0)


async def test_closing_while_logins_are_under_way_ends_them(world: World) -> None:
    world.server.login_gate = threading.Event()
    call = asyncio.create_task(world.touch())
    await until(lambda: world.server.dialling.acquire(blocking=False))
    closing = asyncio.create_task(world.pool.close(10))
    await settle()
    with pytest.raises(MailhatchError):
        await call
    await closing
    world.server.login_gate.set()
    await until(lambda: len(world.server.sessions) == 1 and world.server.sessions[0].is_closed)
    assert world.server.sessions[0].is_aborted


async def test_an_operation_runs_in_a_thread_of_the_pool(world: World) -> None:
    name = await world.pool.run(A, None, lambda session, deadline: threading.current_thread().name, 10)
    assert name.startswith("mail")
    assert as_fake(world.server.sessions[0]).is_usable
