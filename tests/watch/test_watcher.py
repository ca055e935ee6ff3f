"""When the next round is: after an interval, later after failures; never again for an account that is gone."""

import asyncio
from typing import Any, cast

import pytest

from app.domain.errors import AccountPaused, Conflict, MailhatchError, NotFound, UpstreamUnavailable
from app.domain.ids import AccountId
from app.domain.snapshots import Watch
from app.watch.limits import FIRST_BACKOFF, JITTER, LONGEST_BACKOFF
from app.watch.round import Rounds
from app.watch.watcher import Watcher

WHO = AccountId("acc_a")
DOWN = UpstreamUnavailable("gone away")


async def waits(*outcomes: MailhatchError | RuntimeError | None) -> tuple[list[float], int]:
    """Run rounds with these outcomes, then the account is gone; tell the waits and how often it was in sync."""
    left = [*outcomes, NotFound("No such account.")]
    paused: list[float] = []
    synced: list[Watch] = []

    class Fake:
        async def run(self) -> Watch:
            outcome = left.pop(0)
            if outcome is not None:
                raise outcome
            return Watch(1.0, 2.0)

    async def pause(_wake: asyncio.Event, seconds: float) -> None:
        paused.append(seconds)

    turns = asyncio.Semaphore(1)
    watcher = Watcher(WHO, cast("Rounds", Fake()), 60.0, turns, lambda _, watch: synced.append(watch), pause)
    await watcher.run()
    assert not turns.locked()
    return paused, len(synced)


def about(*seconds: float) -> list[Any]:
    return [pytest.approx(one, rel=JITTER) for one in seconds]


async def test_waits() -> None:
    assert await waits(None, None) == (about(60, 60), 2)
    assert await waits(DOWN, DOWN, DOWN, None, DOWN) == (about(5, 10, 20, 60, 5), 1)
    assert await waits(RuntimeError("a bug")) == (about(FIRST_BACKOFF), 0)
    assert await waits(Conflict("another watcher")) == (about(FIRST_BACKOFF), 0)
    assert await waits(AccountPaused("paused")) == (about(LONGEST_BACKOFF), 0)


async def test_waits_end_growing_and_honour_the_server() -> None:
    paused, _ = await waits(*[DOWN] * 12)
    assert paused[-1] == about(LONGEST_BACKOFF)[0]
    assert (await waits(UpstreamUnavailable("later", retry_after=5000.0)))[0] == about(5000)
