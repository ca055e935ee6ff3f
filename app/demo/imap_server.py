"""The demo's mail server: pymap with the demo's mail and a maildrop beside it, in a process of its own, on loopback,
without TLS.

`python -m app.demo.imap_server --port 0` speaks with its parent over standard input and output, a JSON object a line:

- in: `{"passwords": {"demo-ana": "…", "demo-kenji": "…", "demo-mira": "…"}}` first; then each `{"deliver": true}` lets
  one message arrive
- out: `{"port": 40123, "pop3_port": 40124, "messages": 92}` when it listens; then who has written to whom, for each
  that arrived

It ends when its standard input does, so it never outlives its parent.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from argparse import Namespace
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend, Identity, Login
from pymap.backend.dict.mailbox import MailboxData
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials.flag import Flag
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash

from app.demo.limits import MOST_MESSAGES
from app.demo.mail.accounts import DemoAccount, demo_accounts
from app.demo.mail.arriving import Arrival, arriving_mail
from app.demo.mail.maildrop import OWNER, maildrop_messages
from app.demo.pop3_server import DemoMaildrop

_HOST = "127.0.0.1"


class DemoMailServer:
    """pymap's dict backend with the demo's accounts in it."""

    def __init__(self, port: int) -> None:
        """Prepare a server for this loopback port; 0 lets the system choose."""
        arguments = Namespace(passlib_cfg=None, proxy_protocol=None)
        self._config = Config(
            arguments,
            host=_HOST,
            port=port,
            demo_data=False,
            demo_user="",
            demo_password="",
            tls_enabled=False,
            reject_dnsbl=False,  # else pymap asks the DNS about each client
            hash_context=BuiltinHash(rounds=1000),  # random passwords that live in memory need no slow hash
        )
        self._config.apply_context()
        self._port = port
        self._login = Login(self._config)
        self._backend = DictBackend(self._login, self._config)
        self._inboxes: dict[str, MailboxData] = {}
        self._arrivals = arriving_mail()
        self._arrived: deque[tuple[MailboxData, int]] = deque()
        self.messages = 0

    async def load(self, account: DemoAccount, password: str) -> None:
        """Make the account's user, mailboxes and messages; flags and INTERNALDATE are kept."""
        identity = Identity(account.owner.email, self._login, None, frozenset())
        hashed = await Passwords(self._config).hash_password(password)
        await identity.set(UserMetadata(self._config, account.owner.email, password=hashed))
        async with identity.new_session() as session:
            mailboxes = session.mailbox_set
        for name in account.mailboxes:
            await mailboxes.add_mailbox(name)
            await mailboxes.set_subscribed(name, subscribed=True)
        for message in account.messages:
            mailbox = await mailboxes.get_mailbox(message.mailbox)
            await _append(mailbox, message.raw, message.received, message.flags)
        self.messages += len(account.messages)
        self._inboxes[account.external_id] = await mailboxes.get_mailbox("INBOX")

    async def listen(self) -> tuple[asyncio.Server, int]:
        """Start to serve, and tell on which port."""
        answer = ProxyProtocolReader(self._config.proxy_protocol).get_callback(
            IMAPServer(self._backend.login, self._config)
        )
        server = await asyncio.start_server(answer, _HOST, self._port)
        port: int = server.sockets[0].getsockname()[1]
        return server, port

    async def deliver(self) -> Arrival:
        """Let one new message arrive, unread; over the bound the oldest that had arrived is removed."""
        now = datetime.now(UTC)
        arrival = next(self._arrivals).at(now)
        inbox = self._inboxes[arrival.external_id]
        self._arrived.append((inbox, await _append(inbox, arrival.raw, now, ())))
        if self.messages + len(self._arrived) > MOST_MESSAGES:
            mailbox, uid = self._arrived.popleft()
            await mailbox.delete([uid])
        return arrival


async def _append(mailbox: MailboxData, raw: bytes, at: datetime, flags: tuple[str, ...]) -> int:
    message = await mailbox.append(AppendMessage(raw, at, frozenset(Flag(flag) for flag in flags)))
    uid: int = message.uid
    return uid


async def serve(port: int) -> None:
    """Run until standard input ends or SIGTERM comes."""
    os.environ.setdefault("FQDN", "mail.demo.example")  # pymap's greeting; else it asks the DNS for our own name
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _current_task().cancel)
    lines = _lines()
    passwords: Mapping[str, str] = json.loads(await anext(lines))["passwords"]
    demo = DemoMailServer(port)
    for account in demo_accounts(datetime.now(UTC)):
        await demo.load(account, passwords[account.external_id])
    server, bound = await demo.listen()
    mail = maildrop_messages(datetime.now(UTC))
    maildrop = DemoMaildrop(OWNER.email, passwords["demo-mira"], [message.raw for message in mail])
    pop3 = await maildrop.listen(0)
    async with server, pop3:
        pop3_port: int = pop3.sockets[0].getsockname()[1]
        _tell({"port": bound, "pop3_port": pop3_port, "messages": demo.messages + len(mail)})
        async for line in lines:
            if json.loads(line).get("deliver"):
                arrival = await demo.deliver()
                _tell({"to": arrival.external_id, "from": arrival.sender, "subject": arrival.subject})
        for connection in asyncio.all_tasks() - {_current_task()}:
            connection.cancel()  # from Python 3.12 on, closing a server waits for its connections


def _current_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task


async def _lines() -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line


def _tell(fact: Mapping[str, object]) -> None:
    print(json.dumps(fact), flush=True)


def main() -> None:
    """Serve until the parent is gone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 lets the system choose (default)")
    with suppress(asyncio.CancelledError):
        asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
