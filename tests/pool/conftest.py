import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.pool.fakes import World, build
from tests.support.clock import FakeClock

MakeWorld = Callable[..., World]


@pytest.fixture
async def world_of(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeWorld]:
    """Build pools with options; timers of the event loop follow the fake clock, and everything is ended afterwards."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", clock.monotonic)
    made: list[World] = []

    def make(**options: float) -> World:
        made.append(build(clock, None, **options))
        return made[-1]

    yield make
    for world in made:
        for gate in (world.server.login_gate, world.server.logout_gate):
            if gate is not None:
                gate.set()
        for session in world.server.sessions:
            session.ignores_abort = False
            session.release.set()
        await world.pool.close(0.0)


@pytest.fixture
def world(world_of: MakeWorld) -> World:
    """A pool with default options."""
    return world_of()
