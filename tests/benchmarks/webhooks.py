"""`python -m tests.benchmarks.webhooks`: deliveries a second on SQLite beside bare aiohttp POSTs, to one local sink.

The sink is a process of its own. Both sides send the same bodies, ten at a time; ours also signs, reads the log, keeps
the order of 20 accounts, records every attempt and moves its cursors on disk (synchronous=FULL).
"""

import argparse
import asyncio
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import aiohttp
from aiohttp import web

from app.bootstrap.clock import SystemClock
from app.domain.lanes import LIVE
from app.domain.ports.webhooks import DeliveryFilter
from app.domain.webhooks import Answer
from app.net.guard import AddressGuard
from app.net.http import open_http
from app.net.tls import TlsContexts
from app.security.keyring import generate_key, parse_keyring
from app.security.vault import Vault
from app.storage.engine import Database
from app.storage.migrations import migrate
from app.webhooks.sender import Sender
from tests.webhooks.post_office import PostOffice

ACCOUNTS = 20
AT_ONCE = 10
BODY = b'{"type":"message.created","timestamp":"2027-01-15T08:00:00.000Z","data":{' + b'"x":"' + b"x" * 380 + b'"}}'


async def sink() -> None:
    """Answer 204 until standard input ends; prints the port."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@asynccontextmanager
async def sink_process() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.webhooks", "--sink"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/"
    finally:
        process.stdin.close()
        await process.wait()


async def measured(count: int, work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Deliveries a second, and CPU of this process in milliseconds each."""
    cpu, begun = _cpu(), time.monotonic()
    await work()
    return count / (time.monotonic() - begun), 1000 * (_cpu() - cpu) / count


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def bare(url: str, count: int) -> tuple[float, float]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send_some() -> None:
            for _ in range(count // AT_ONCE):
                async with session.post(url, data=BODY) as response:
                    await response.read()

        async def work() -> None:
            await asyncio.gather(*(send_some() for _ in range(AT_ONCE)))

        return await measured(count, work)


class _Counting:
    """A sender that tells when it has made so many attempts."""

    def __init__(self, sender: Sender, count: int) -> None:
        self._sender = sender
        self._left = count
        self.is_enough = asyncio.Event()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = await self._sender.send(url, headers, body)
        self._left -= 1
        if self._left == 0:
            self.is_enough.set()
        return answer


async def delivered(url: str, count: int, folder: Path) -> tuple[float, float]:
    """Write events for accounts, and let a dispatcher deliver them all."""
    database = await Database.open(f"sqlite+aiosqlite:///{folder / 'mailhatch.db'}")
    try:
        await migrate(database)
        session = open_http(AddressGuard([ip_network("127.0.0.0/8")]), TlsContexts().context_for(None))
        async with session:
            sender = _Counting(Sender(session, allow_insecure=True), count)
            office = PostOffice(database, Vault(parse_keyring(generate_key("k1"))), SystemClock(), sender)  # type: ignore[arg-type]  # a real clock
            endpoint = await office.endpoint(url, concurrency=AT_ONCE)
            accounts = [await office.account() for _ in range(ACCOUNTS)]
            for account in accounts:
                await office.write(account, count // ACCOUNTS)

            async def work() -> None:
                office.dispatcher.start()
                await sender.is_enough.wait()
                while office.dispatcher._runs:  # until the last attempt is recorded
                    await asyncio.sleep(0.005)

            result = await measured(count, work)
            await office.dispatcher.close(5)
            assert await office.lanes.oldest_owed() is None
            (last,) = await office.deliveries.list(endpoint.id, DeliveryFilter(is_success=True), 1, None)
            assert last.kind == LIVE
            return result
    finally:
        await database.close()


async def main(count: int) -> None:
    random.seed(1)
    print(f"{count} deliveries, {AT_ONCE} at a time, {ACCOUNTS} accounts; load {os.getloadavg()[0]:.1f}")
    async with sink_process() as url:
        await bare(url, count // 5)  # the sink is warm
        for name, result in (
            ("bare aiohttp POSTs", await bare(url, count)),
            ("webhooks on SQLite", await delivered(url, count, Path(tempfile.mkdtemp(prefix="mailhatch-bench-")))),
        ):
            print(f"{name:20} {result[0]:8.0f} a second   {result[1]:6.2f} ms CPU each")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.webhooks", description=__doc__)
    parser.add_argument("--sink", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=10_000)
    given = parser.parse_args()
    asyncio.run(sink() if given.sink else main(given.count))
