"""Webhooks: what sends, what dispatches, and the service over both."""

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass

from app.config import Settings
from app.domain.ports import Clock
from app.net.guard import AddressGuard
from app.net.http import open_http
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
    contexts = await asyncio.to_thread(TlsContexts, settings.ca_file)
    session = open_http(AddressGuard(settings.allowed_webhook_networks), contexts.context_for(None))
    stack.push_async_callback(session.close)
    sender = Sender(session, allow_insecure=settings.allow_insecure_webhooks)
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
