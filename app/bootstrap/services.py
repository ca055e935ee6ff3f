"""Everything that runs, opened in order and closed in reverse."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.bootstrap.changes import FeedNeeds, beside_feed, open_feed
from app.bootstrap.clock import SystemClock
from app.bootstrap.edits import open_edits
from app.bootstrap.first_start import check_sealed
from app.bootstrap.housekeeping import purge_hourly, refresher, stopped
from app.bootstrap.mail import Mail, MailParts, open_bodies, open_mail
from app.bootstrap.reading import Reading, ReadingNeeds, open_reading
from app.bootstrap.webhooks import OpenWebhooks, open_webhooks
from app.config import Settings
from app.domain.ports import Clock
from app.http.state import FaceServices
from app.security.keyfile import load_or_create_keyring
from app.security.keyring import Keyring
from app.security.vault import Vault
from app.services.access import Access
from app.services.account_states import SERVICE, AccountStates
from app.services.accounts import AccountPolicy, Accounts
from app.services.idempotency import Idempotency
from app.services.moved_messages import MovedMessages
from app.services.rate_limit import FailureLimiter, RateLimiter
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.idempotency import SqlIdempotencyStore
from app.storage.maildrops import SqlMaildropStore
from app.storage.migrations import migrate
from app.storage.moved_messages import SqlMovedMessageStore
from app.storage.tokens import SqlTokenStore
from app.telemetry.health import Health, LoopLag
from app.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class OpenServices:
    """Everything running: what the faces call, and what only commands touch."""

    settings: Settings
    database: Database
    account_store: SqlAccountStore
    access: Access
    accounts: Accounts
    face: FaceServices


@asynccontextmanager
async def open_services(settings: Settings, *, watches: bool = False) -> AsyncIterator[OpenServices]:
    """Open the database and all services over it; close everything in reverse order. `watches` starts the watchers."""
    clock = SystemClock()
    keyring, created = await asyncio.to_thread(load_or_create_keyring, settings)
    vault = Vault(keyring)
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database)
        stack.push_async_callback(database.close)
        await migrate(database)
        await check_sealed(settings, database, vault, is_key_new=created)
        store = SqlAccountStore(database, vault, clock)
        metrics, health, states = Metrics(), Health(), AccountStates(store, clock)
        health.add("database", database.ping)
        mail = await _mail(settings, database, store, states, clock, metrics, keyring)
        accounts = _accounts(stack, settings, store, mail, states, clock)
        moved = MovedMessages(moved_store := SqlMovedMessageStore(database), clock)
        reading = open_reading(settings, ReadingNeeds(database, keyring, store, accounts, mail.gateway, moved), clock)
        webhooks = await open_webhooks(stack, settings, database, vault, store, clock, metrics)
        feed = open_feed(settings, _feed_needs(database, store, accounts, reading, mail, webhooks), clock)
        idempotency = Idempotency(answers := SqlIdempotencyStore(database, vault, clock), clock)
        stack.push_async_callback(idempotency.close)
        face = FaceServices(
            settings=settings,
            clock=clock,
            access=Access(SqlTokenStore(database), store, clock, settings.requests_per_minute),
            accounts=accounts,
            mailboxes=reading.mailboxes,
            messages=reading.messages,
            searches=reading.searches,
            threads=reading.threads,
            bodies=reading.bodies,
            owners=reading.owners,
            parts=reading.parts,
            edits=open_edits(settings, accounts, reading.mailboxes, mail.gateway, moved, clock),
            webhooks=webhooks.service,
            changes=feed.changes,
            copies=feed.copies,
            links=reading.links,
            rate_limiter=RateLimiter(clock),
            failures=FailureLimiter(clock),
            idempotency=idempotency,
            metrics=metrics,
            refresh_metrics=refresher(metrics, store, webhooks.lanes, clock),
            health=health,
        )
        purge = purge_hourly(answers, moved_store, webhooks.deliveries, SqlMaildropStore(database), clock)
        beside = [("loop-lag", LoopLag(metrics).run()), ("purge", purge)]
        _start(stack, [*beside, *beside_feed(feed, settings, clock, watches=watches)])
        stack.callback(health.begin_draining)
        yield OpenServices(settings, database, store, face.access, accounts, face)


def _accounts(
    stack: AsyncExitStack, settings: Settings, store: SqlAccountStore, mail: Mail, states: AccountStates, clock: Clock
) -> Accounts:
    policy = AccountPolicy(settings.allow_insecure_mail, settings.mail_timeout)
    accounts = Accounts(store, mail.gateway, states, clock, policy)
    accounts.start()
    stack.push_async_callback(accounts.close)  # after the pool, whose last words it keeps
    stack.push_async_callback(mail.close, settings.shutdown_timeout)
    return accounts


def _feed_needs(
    database: Database,
    store: SqlAccountStore,
    accounts: Accounts,
    reading: Reading,
    mail: Mail,
    webhooks: OpenWebhooks,
) -> FeedNeeds:
    wake = webhooks.dispatcher.wake
    return FeedNeeds(database, store, accounts, reading.mailboxes, mail.gateway, SERVICE, webhooks.lanes, wake)


def _start(stack: AsyncExitStack, beside: Sequence[tuple[str, Coroutine[Any, Any, None]]]) -> None:
    """Run what goes on beside the requests, each under its name, until the stack is closed."""
    for name, work in beside:
        stack.push_async_callback(stopped, asyncio.create_task(work, name=name))


async def _mail(
    settings: Settings,
    database: Database,
    store: SqlAccountStore,
    states: AccountStates,
    clock: Clock,
    metrics: Metrics,
    keyring: Keyring,
) -> Mail:
    bodies = await asyncio.to_thread(open_bodies, settings, keyring.derive("bodies"))
    return open_mail(MailParts(settings, database, store, states, clock, metrics, bodies))
