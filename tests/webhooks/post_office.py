"""A dispatcher on a real database, with time that moves when told and receivers that answer as scripted."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select

from app.domain.events import (
    Event,
    EventType,
    MailboxRef,
    MessageCreated,
    MessageState,
    NewEvent,
)
from app.domain.ids import AccountId, MailboxId, MessageId, new_id
from app.domain.lanes import Delivery
from app.domain.mailbox import Role
from app.domain.ports.webhooks import DeliveryFilter
from app.domain.webhooks import HEALTHY, Answer, Endpoint, EndpointId, EndpointKey, EndpointState, EventFilter
from app.security.vault import Vault
from app.storage.accounts import SqlAccountStore
from app.storage.deliveries import SqlDeliveryStore
from app.storage.endpoints import SqlEndpointStore
from app.storage.engine import Database
from app.storage.events import SqlEventLog
from app.storage.lanes import SqlLaneStore
from app.storage.unit import read
from app.storage.webhook_tables import endpoints, lanes
from app.telemetry.metrics import Metrics
from app.webhooks.dispatcher import Dispatcher
from app.webhooks.lane_run import Poster, Tools
from app.webhooks.schedule import Schedule
from app.webhooks.signature import new_secret
from tests.storage.samples import ADMIN, PASSWORD, an_account
from tests.support.clock import FakeClock

INBOX = MailboxRef(MailboxId("mbx_inbox"), Role.INBOX)
WORK = MailboxRef(MailboxId("mbx_work"), None)
OK = Answer(204, 0.01)
BROKEN = Answer(500, 0.01, body="oops")
REFUSED = Answer(None, 0.01, error="connection_failed")


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt: when, where to, and what."""

    at: float
    url: str
    id: str
    body: dict[str, Any]
    headers: Mapping[str, str]


@dataclass(slots=True)
class ScriptedPoster:
    """Answers each attempt by `answer`, without a network, and remembers it."""

    clock: FakeClock
    answer: Callable[[Sent], Answer | Awaitable[Answer]] = lambda _: OK
    sent: list[Sent] = field(default_factory=list)

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        await asyncio.sleep(0)
        sent = Sent(self.clock.now(), url, headers["webhook-id"], json.loads(body), dict(headers))
        self.sent.append(sent)
        answer = self.answer(sent)
        return answer if isinstance(answer, Answer) else await answer


class PostOffice:
    """Everything between the event log and receivers."""

    def __init__(self, database: Database, vault: Vault, clock: FakeClock, poster: Poster | None = None) -> None:
        self.clock = clock
        self.database = database
        self.accounts = SqlAccountStore(database, vault, clock)
        self.log = SqlEventLog(database, clock)
        self.endpoints = SqlEndpointStore(database, vault)
        self.lanes = SqlLaneStore(database, vault)
        self.deliveries = SqlDeliveryStore(database)
        self.poster = ScriptedPoster(clock)
        tools = Tools(poster or self.poster, clock, Schedule(), random.Random(7).random)
        self.dispatcher = Dispatcher(self.lanes, self.log, tools, Metrics(), sleep=self._no_sleep)
        self.slept: list[float] = []

    async def _no_sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def account(self, **fields: Any) -> AccountId:
        account = an_account(**fields)
        await self.accounts.add(account, PASSWORD)
        return account.id

    async def endpoint(self, url: str = "https://receiver.example/", **fields: Any) -> Endpoint:
        now = self.clock.now()
        endpoint = Endpoint(
            id=EndpointId(new_id("whk")),
            url=url,
            description=None,
            wants=EventFilter(),
            payload="thin",
            ordering="account",
            hold_for=3600.0,
            concurrency=10,
            rate=None,
            state=EndpointState.ENABLED,
            reason=None,
            health=HEALTHY,
            since=0,
            created_at=now,
            updated_at=now,
            revision=1,
        )
        return await self.endpoints.add(replace(endpoint, **fields), [EndpointKey(new_secret())], 1000)

    async def write(self, account: AccountId, count: int = 1, mailbox: MailboxRef = INBOX) -> list[str]:
        """Write message.created events; answers their ids."""
        new = [
            NewEvent(
                EventType.MESSAGE_CREATED,
                MessageCreated(mailbox, MessageState(MessageId(new_id("msg")), ("seen",))),
            )
            for _ in range(count)
        ]
        return [event.id for event in await self.log.append(account, None, new)]

    async def events(self) -> tuple[Event, ...]:
        return (await self.log.tail(0, 1000)).events

    async def get(self, endpoint: Endpoint) -> Endpoint:
        return await self.endpoints.get(ADMIN, endpoint.id)

    async def settle(self) -> None:
        """Let everything happen that is due now."""
        await self.dispatcher.poll()
        for _ in range(1000):
            await self.dispatcher.turn()
            if not self.dispatcher._runs:
                await self.dispatcher.poll()
                if not self.dispatcher._ready:
                    return
            await asyncio.gather(*self.dispatcher._tasks)
        raise AssertionError(f"it does not come to rest: {self.dispatcher!r}")

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, stopping wherever something is due."""
        end = self.clock.now() + seconds
        await self.settle()
        while (due := await self._next_due()) is not None and due <= end:
            self.clock.advance(max(due - self.clock.now(), 0.001))
            await self.settle()
        self.clock.advance(max(0.0, end - self.clock.now()))
        await self.settle()

    async def _next_due(self) -> float | None:
        now = self.clock.now()
        async with read(self.database) as connection:
            due = (await connection.execute(select(func.min(lanes.c.due_at)).where(lanes.c.due_at > now))).scalar_one()
            look = (
                await connection.execute(select(func.min(endpoints.c.look_at)).where(endpoints.c.look_at > now))
            ).scalar_one()
        return min((at for at in (due, look) if at is not None), default=None)

    async def attempts(self, endpoint: Endpoint, **where: Any) -> list[Delivery]:
        """The delivery log, oldest first."""
        found = await self.deliveries.list(endpoint.id, DeliveryFilter(**where), 1000, None)
        return list(reversed(found))

    def sent_ids(self, url: str = "https://receiver.example/") -> list[str]:
        return [sent.id for sent in self.poster.sent if sent.url == url]

    async def count_lanes(self) -> int:
        async with read(self.database) as connection:
            count: int = (await connection.execute(select(func.count()).select_from(lanes))).scalar_one()
        return count
