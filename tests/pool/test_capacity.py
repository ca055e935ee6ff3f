"""Ceilings over all accounts, at the moments where a slot could get lost."""

import asyncio
import threading

import pytest

from app.domain.errors import TooManyConnections
from app.domain.ids import AccountId
from tests.pool.conftest import MakeWorld
from tests.pool.fakes import A, B, C, World, settle, until


def books(world: World) -> tuple[int, dict[str, int]]:
    """Slots in use, over all and by host."""
    capacity = world.pool._capacity
    return capacity.open, {name: host.open for name, host in capacity._hosts.items() if host.open}


async def test_a_connection_of_another_host_makes_room_in_the_total_and_leaves_its_own_host(
    world_of: MakeWorld,
) -> None:
    world = world_of(connections_total=1)
    world.credentials.hosts[B] = "other.example"
    for account, host in ((A, "mail.example"), (B, "other.example"), (A, "mail.example")):
        await world.touch(account)
        assert books(world) == (1, {host: 1})


async def test_a_full_host_takes_no_room_from_another(world_of: MakeWorld) -> None:
    world = world_of(connections_per_host=1)
    world.credentials.hosts[C] = "other.example"
    await world.touch(C)
    held = await world.hold(A)
    call = asyncio.create_task(world.touch(B))
    await settle()
    assert not call.done()
    assert books(world) == (2, {"mail.example": 1, "other.example": 1})
    world.release_all()
    await asyncio.gather(held, call)
    assert books(world) == (2, {"mail.example": 1, "other.example": 1})


async def test_a_slot_that_is_given_back_goes_to_who_waits(world_of: MakeWorld) -> None:
    world = world_of(connections_per_host=1)
    gate = threading.Event()
    incoming = (await world.credentials.plan(A)).incoming
    probe = asyncio.create_task(world.pool.probe(incoming, lambda _: gate.wait(60), 10))
    await settle()
    call = asyncio.create_task(world.touch(B))
    await settle()
    assert world.server.logins == []
    gate.set()
    assert await probe
    assert await call


async def test_hosts_take_turns_when_the_process_is_full(world_of: MakeWorld) -> None:
    world = world_of(connections_total=1)
    world.credentials.hosts[C] = "other.example"
    held = await world.hold(A)
    busy_host = [AccountId(f"acc_{n}") for n in range(4)]
    calls = []
    for account in (*busy_host, C):
        calls.append(asyncio.create_task(world.touch(account)))
        await settle()
    world.release_all()
    await asyncio.gather(held, *calls)
    assert world.server.logins == [A, busy_host[0], C, *busy_host[1:]]


async def test_a_slot_granted_to_somebody_who_is_just_leaving_is_not_lost(world_of: MakeWorld) -> None:
    world = world_of(connections_total=1)
    await world.touch(A)
    account = world.pool._registry.find(A)
    assert account is not None
    connection = world.pool._registry.take(account, None, True)
    assert connection is not None
    incoming = (await world.credentials.plan(B)).incoming
    probe = asyncio.create_task(world.pool.probe(incoming, lambda _: None, 10))
    await settle()
    world.pool._give_back(connection, True)  # evicted for the probe, which has not woken up yet
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    await until(lambda: world.pool.stats().closing == 0)
    assert books(world) == (0, {})
    assert world.server.alive == []


async def test_a_slot_is_given_back_when_there_is_no_turn_in_time(world_of: MakeWorld) -> None:
    world = world_of(logins_per_host=0.01)
    await world.touch(A)
    incoming = (await world.credentials.plan(B)).incoming
    probe = asyncio.create_task(world.pool.probe(incoming, lambda _: None, 10))
    await settle()
    assert books(world) == (2, {"mail.example": 2})
    await world.advance(5.1)
    with pytest.raises(TooManyConnections):
        await probe
    assert books(world) == (1, {"mail.example": 1})


async def test_a_connection_in_no_mailbox_is_preferred_to_one_in_another(world_of: MakeWorld) -> None:
    world = world_of(connections_per_account=2)
    await world.touch(A, "INBOX")
    held = [await world.hold(), await world.hold()]
    world.server.sessions[0].release.set()  # the one in INBOX has been idle longer
    await until(lambda: world.pool.stats().idle == 1)
    world.release_all()
    await asyncio.gather(*held)
    await world.touch(A, "Sent")
    assert [session.selected for session in world.server.sessions] == ["INBOX", "Sent"]
