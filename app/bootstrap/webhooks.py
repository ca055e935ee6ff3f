"""Webhooks: what sends, what dispatches, and the service over both."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ssl import SSLContext
from typing import TYPE_CHECKING

from app.config import Settings
from app.domain.ports import Clock
from app.domain.webhooks import Answer
from app.net.guard import AddressGuard
from app.net.tls import TlsContexts
from app.security.vault import Vault
from app.services.webhook_test import TestCall
from app.services.webhooks import Webhooks, WebhookStores
from app.storage.accounts import SqlAccountStore
from app.storage.deliveries import SqlDeliveryStore
from app.storage.endpoints import SqlEndpointStore
from app.storage.engine import Database
from app.storage.events import SqlEventLog
from app.storage.lanes import SqlLaneStore
from app.telemetry.metrics import Metrics
from app.webhooks.dispatcher import Dispatcher
from app.webhooks.lane_run import Tools
from app.webhooks.schedule import Schedule

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from app.webhooks.sender import Sender


@dataclass(frozen=True, slots=True)
class OpenWebhooks:
    """What the rest of the service needs of webhooks; who writes events calls `dispatcher.wake` after the commit."""

    service: Webhooks
    dispatcher: Dispatcher
    lanes: SqlLaneStore
    deliveries: SqlDeliveryStore


async def open_webhooks(
    stack: AsyncExitStack,
    settings: Settings,
    database: Database,
    vault: Vault,
    accounts: SqlAccountStore,
    clock: Clock,
    metrics: Metrics,
) -> OpenWebhooks:
    """Begin to deliver; at the end attempts under way are let finish, then the connections are closed."""
    sender = DeferredSender(settings)
    stack.push_async_callback(sender.close)
    lanes, deliveries = SqlLaneStore(database, vault), SqlDeliveryStore(database)
    tools = Tools(sender, clock, Schedule(), random.random)
    dispatcher = Dispatcher(lanes, SqlEventLog(database, clock), tools, metrics)
    if database.location.path is not None:
        await lanes.release("")  # a SQLite database has one service: whoever held a lane is gone
    dispatcher.start()
    stack.push_async_callback(dispatcher.close, settings.shutdown_timeout)
    service = Webhooks(
        WebhookStores(SqlEndpointStore(database, vault), deliveries, accounts),
        TestCall(sender, clock),
        clock,
        allow_insecure=settings.allow_insecure_webhooks,
        on_change=dispatcher.wake,
    )
    return OpenWebhooks(service, dispatcher, lanes, deliveries)


class DeferredSender:
    """A sender that is made with the first delivery: who has no webhooks does not pay 9 MB for an HTTP client."""

    def __init__(self, settings: Settings) -> None:
        """Take what it goes by."""
        self._settings = settings
        self._making = asyncio.Lock()
        self._sender: Sender | None = None
        self._session: ClientSession | None = None

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Make one attempt. See `Sender.send`."""
        if self._sender is None:
            async with self._making:
                await self._make()
        assert self._sender is not None
        return await self._sender.send(url, headers, body)

    async def close(self) -> None:
        """Close the connections, if there are any."""
        if self._session is not None:
            await self._session.close()

    async def _make(self) -> None:
        if self._sender is not None:
            return
        settings = self._settings
        open_http, sender = await asyncio.to_thread(_client)  # imports read files
        contexts = await asyncio.to_thread(TlsContexts, settings.ca_file)
        self._session = open_http(AddressGuard(settings.allowed_webhook_networks), contexts.context_for(None))
        self._sender = sender(self._session, allow_insecure=settings.allow_insecure_webhooks)


def _client() -> "tuple[Callable[[AddressGuard, SSLContext], ClientSession], type[Sender]]":
    from app.net.http import open_http
    from app.webhooks.sender import Sender

    return open_http, Sender
