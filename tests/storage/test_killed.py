import asyncio
import sys
from pathlib import Path

import pytest

from app.storage.engine import Database
from app.storage.tokens import SqlTokenStore

ROOT = Path(__file__).parents[2]
AT_LEAST = 25


async def _written_until_killed(url: str, enough: int) -> list[str]:
    """Ids that a writing process was told are safe before it was killed with SIGKILL."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.storage.writing", url), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    acknowledged = [(await process.stdout.readline()).decode() for _ in range(enough)]
    process.kill()
    rest, _ = await process.communicate()
    return [line.strip() for line in acknowledged + rest.decode().splitlines(keepends=True) if line.endswith("\n")]


async def _lose_nothing(url: str, kills: int) -> None:
    acknowledged: list[str] = []
    for kill in range(kills):
        acknowledged += await _written_until_killed(url, AT_LEAST + kill)
        database = await Database.open(url)
        store = SqlTokenStore(database)
        for token_id in acknowledged:
            assert await store.find(token_id) is not None
        await database.close()
    assert len(set(acknowledged)) >= AT_LEAST * kills


async def test_kill_9_during_writes_loses_no_acknowledged_row(url: str) -> None:
    await _lose_nothing(url, 2)


@pytest.mark.soak
async def test_many_kills_lose_no_acknowledged_row(url: str) -> None:
    await _lose_nothing(url, 50)
