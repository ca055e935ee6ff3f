"""A gateway to one user of a real server, through a proxy that counts and cuts."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

import pytest

from app.domain.account import ConnectPlan, IncomingServer, MailProtocol, Password, Security
from app.domain.ids import AccountId
from app.domain.ports import MailSession
from app.domain.query import PageQuery
from app.gateway.local import LocalGateway
from app.gateway.structure_cache import StructureCache
from app.gateway.summary_cache import SummaryCache
from app.imap.session import ImapSessionFactory
from app.net.dialer import Dialer
from app.net.guard import AddressGuard
from app.net.tls import TlsContexts
from app.pool.options import PoolOptions
from app.pool.pool import Pool
from app.telemetry.trace import begin_call
from tests.pool.fakes import A, Witness
from tests.support.dovecot import MailUser
from tests.support.proxy import Proxy


class JumpingClock:
    """Real time, plus what a test skips."""

    skipped = 0.0

    def now(self) -> float:
        return time.time() + self.skipped

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped


@dataclass
class Desk:
    """A gateway to one user of a real server, through a proxy."""

    user: MailUser
    proxy: Proxy
    clock: JumpingClock
    pool: Pool[MailSession]
    gateway: LocalGateway
    witness: Witness
    password: str

    async def plan(self, account_id: AccountId) -> ConnectPlan:
        incoming = IncomingServer(
            MailProtocol.IMAP, self.proxy.host, self.proxy.port, Security.NONE, self.user.username
        )
        return ConnectPlan(account_id, incoming, Password(self.password))

    async def connect(self, count: int) -> None:
        """Have that many connections, idle: so many operations wait for each other."""
        together = threading.Barrier(count)
        await asyncio.gather(*(self.pool.run(A, None, lambda s, d: together.wait(20), 30) for _ in range(count)))
        assert self.pool.stats().idle == count

    async def round_trips(self, query: PageQuery) -> int:
        """What one page costs, by our own count and by the proxy's, which must agree."""
        cost = begin_call()
        with self.proxy.measure() as counts:
            await self.gateway.page(A, query, 10)
        assert counts.round_trips == cost.round_trips
        return cost.round_trips


@pytest.fixture
def proxy(mail_user: MailUser) -> Iterator[Proxy]:
    with Proxy(mail_user.plain.host, mail_user.plain.port) as proxy:
        yield proxy


@pytest.fixture
async def desk(mail_user: MailUser, proxy: Proxy) -> AsyncIterator[Desk]:
    factory = ImapSessionFactory(Dialer(AddressGuard((ip_network("127.0.0.0/8"),))), TlsContexts())
    clock, witness = JumpingClock(), Witness()
    made: list[Desk] = []

    class Credentials:
        async def plan(self, account_id: AccountId) -> ConnectPlan:
            return await made[0].plan(account_id)

    pool = Pool(factory, Credentials(), witness, PoolOptions(connections_per_account=3), clock)
    gateway = LocalGateway(pool, factory, SummaryCache(10_000_000), StructureCache(), clock)
    made.append(Desk(mail_user, proxy, clock, pool, gateway, witness, mail_user.password))
    yield made[0]
    proxy.resume()
    await pool.close(0)
    await asyncio.get_running_loop().shutdown_default_executor()
