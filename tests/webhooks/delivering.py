"""A service that delivers until it is killed: `python -m tests.webhooks.delivering DATABASE KEY`."""

import asyncio
import random
import sys
from ipaddress import ip_network

from app.bootstrap.clock import SystemClock
from app.net.guard import AddressGuard
from app.net.http import open_http
from app.net.tls import TlsContexts
from app.security.keyring import parse_keyring
from app.security.vault import Vault
from app.storage.engine import Database
from app.storage.events import SqlEventLog
from app.storage.lanes import SqlLaneStore
from app.telemetry.metrics import Metrics
from app.webhooks.dispatcher import Dispatcher
from app.webhooks.lane_run import Tools
from app.webhooks.schedule import Schedule
from app.webhooks.sender import Sender


async def main(url: str, key: str) -> None:
    database, clock = await Database.open(url), SystemClock()
    lanes = SqlLaneStore(database, Vault(parse_keyring(key)))
    context = TlsContexts().context_for(None)
    async with open_http(AddressGuard([ip_network("127.0.0.0/8")]), context) as session:
        sender = Sender(session, allow_insecure=True)
        tools = Tools(sender, clock, Schedule(), random.random)
        await lanes.release("")  # the test starts one at a time, after the one before is dead
        Dispatcher(lanes, SqlEventLog(database, clock), tools, Metrics()).start()
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
