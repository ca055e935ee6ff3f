"""A process that is killed between a POST and its record: nothing is lost, and what comes twice is the same."""

import asyncio
import sys
from pathlib import Path

import pytest

from app.security.keyring import generate_key, parse_keyring
from app.security.vault import Vault
from app.storage.engine import Database
from tests.support.clock import FakeClock
from tests.support.receiver import Received, Receiver
from tests.webhooks.post_office import PostOffice

ROOT = Path(__file__).parents[2]


async def _killed_again_and_again(database: Database, url: str, kills: int) -> None:
    key = generate_key("k1")
    office = PostOffice(database, Vault(parse_keyring(key)), FakeClock())
    accounts = [await office.account() for _ in range(4)]
    running: asyncio.subprocess.Process | None = None
    until_kill = 0

    def answer(_: Received) -> int:
        nonlocal until_kill
        until_kill -= 1
        if until_kill == 0 and running is not None:
            running.kill()  # the request is here, its answer goes nowhere, and nothing of it is recorded
        return 204

    async with Receiver(answer=answer) as receiver:
        await office.endpoint(receiver.url, concurrency=2)
        written: dict[str, list[str]] = {account: [] for account in accounts}
        for kill in range(kills + 1):
            for account in accounts:
                written[account] += await office.write(account, 10)
            until_kill = 0 if kill == kills else 3 + 7 * kill % 23
            running = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.webhooks.delivering", url, key), cwd=ROOT, stdout=asyncio.subprocess.PIPE
            )
            if kill < kills:
                await asyncio.wait_for(running.wait(), 60)
        every = {event for events in written.values() for event in events}
        async with asyncio.timeout(60):
            while not every <= set(receiver.ids) or await office.lanes.oldest_owed() is not None:
                await asyncio.sleep(0.05)
        assert running is not None
        running.kill()
        await running.wait()
    bodies: dict[str, set[bytes]] = {}
    for one in receiver.received:
        bodies.setdefault(one.id, set()).add(one.body)
    assert bodies.keys() == every  # nothing lost, nothing invented
    assert all(len(same) == 1 for same in bodies.values())
    for events in written.values():
        firsts = list(dict.fromkeys(one for one in receiver.ids if one in events))
        assert firsts == events
    repeated = len(receiver.received) - len(every)
    assert repeated >= 1  # so a kill did hit between POST and record
    assert repeated <= kills * 2 * 50


@pytest.mark.timeout(400)
async def test_killed_between_the_post_and_its_record(database: Database, url: str) -> None:
    await _killed_again_and_again(database, url, 2)


@pytest.mark.soak
async def test_killed_many_times(database: Database, url: str) -> None:
    await _killed_again_and_again(database, url, 30)
