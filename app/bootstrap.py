"""The composition root: the one place that knows which adapter stands behind which port."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from app.config import Settings
from app.domain.access import Principal, Scope
from app.domain.errors import StorageUnavailable
from app.domain.ids import TokenId
from app.domain.ports import Clock
from app.gateway.local import LocalGateway
from app.gateway.structure_cache import StructureCache
from app.gateway.summary_cache import SummaryCache
from app.imap.session import ImapSessionFactory
from app.net.dialer import Dialer
from app.net.guard import AddressGuard
from app.net.tls import TlsContexts
from app.pool.options import PoolOptions
from app.pool.pool import Pool
from app.rest import app as rest_app
from app.rest import openapi as rest_openapi
from app.rest.state import FaceServices
from app.security.keyfile import load_or_create_keyring
from app.security.keyring import KeyringError
from app.security.links import LinkSigner
from app.security.vault import Vault
from app.services.access import Access
from app.services.account_credentials import StoredCredentials
from app.services.account_states import AccountStates
from app.services.accounts import AccountPolicy, Accounts
from app.services.links import PartLinks
from app.services.mailbox_directory import MailboxDirectory
from app.services.mailboxes import Mailboxes
from app.services.messages import Messages
from app.services.parts import Parts
from app.services.rate_limit import FailureLimiter, RateLimiter
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.errors import WrongKey
from app.storage.idempotency import SqlIdempotencyStore
from app.storage.mailboxes import SqlMailboxStore
from app.storage.meta import check_keys
from app.storage.migrations import migrate
from app.storage.tokens import SqlTokenStore
from app.telemetry.health import Health, LoopLag
from app.telemetry.metrics import ConnectionCounts, Metrics

_log = logging.getLogger(__name__)

#: Who a command on this machine acts as: whoever reads the database and the key file may do everything.
LOCAL_ADMIN = Principal(
    token_id=TokenId("local"),
    name="local operator",
    scopes=frozenset((Scope.ADMIN,)),
    accounts=None,
    tenant=None,
    expires_at=None,
    requests_per_minute=1_000_000,
)


class SystemClock:
    """The time there is."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on the clock of deadlines."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class OpenServices:
    """Everything running: what the faces call, and what only commands touch."""

    settings: Settings
    database: Database
    account_store: SqlAccountStore
    access: Access
    accounts: Accounts
    pool: Pool
    face: FaceServices


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What a first start made, to be told once."""

    admin_token: str | None
    key_file_created: bool


async def first_start(settings: Settings) -> FirstStart:
    """Make what is missing: key file, tables, admin token. Does nothing when all is there.

    Raises KeyringError or StorageError with a sentence for the operator.
    """
    keyring, created = await asyncio.to_thread(load_or_create_keyring, settings)
    database = await Database.open(settings.database)
    try:
        await migrate(database)
        clock, vault = SystemClock(), Vault(keyring)
        await _check_keys(settings, database, vault, is_key_new=created)
        store = SqlAccountStore(database, vault, clock)
        access = Access(SqlTokenStore(database), store, clock, settings.requests_per_minute)
        given = settings.admin_token.get_secret_value() if settings.admin_token else None
        return FirstStart(await access.ensure_admin(given), created)
    finally:
        await database.close()


async def _check_keys(settings: Settings, database: Database, vault: Vault, *, is_key_new: bool) -> None:
    """Refuse a database sealed with other keys; when the key file was missing say so, and take back the one made."""
    try:
        await check_keys(database, vault)
    except WrongKey:
        if not is_key_new:
            raise
        await asyncio.to_thread(settings.keys_file.unlink, missing_ok=True)
        raise KeyringError(
            f"The key file {settings.keys_file} is missing, and the database holds secrets sealed with it. "
            "Put it back from your backup."
        ) from None


@dataclass(frozen=True, slots=True)
class _Mail:
    """The way to mail servers: the pool and the gateway over it."""

    pool: Pool
    gateway: LocalGateway


def _mail(settings: Settings, store: SqlAccountStore, states: AccountStates, clock: Clock, metrics: Metrics) -> _Mail:
    factory = ImapSessionFactory(Dialer(AddressGuard(settings.allowed_mail_networks)), TlsContexts(settings.ca_file))
    options = PoolOptions.from_settings(settings)
    pool = Pool(factory, StoredCredentials(store, clock), states, options, clock, metrics)

    def connections() -> ConnectionCounts:
        now = pool.stats()
        return ConnectionCounts(open=now.open, idle=now.idle, leased=now.leased)

    metrics.track_connections(connections)
    summaries = SummaryCache(settings.summary_cache_bytes)
    return _Mail(pool, LocalGateway(pool, factory, summaries, StructureCache(), clock, metrics))


def _refresher(metrics: Metrics, store: SqlAccountStore) -> Callable[[], Awaitable[None]]:
    """Make what brings the metrics up to date before they are read; without the database the others are still told."""

    async def refresh() -> None:
        try:
            metrics.set_accounts(await store.count_by_state())
        except StorageUnavailable:
            _log.warning("accounts could not be counted; the metric is old")

    return refresh


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[OpenServices]:
    """Open the database and all services over it; close everything in reverse order."""
    clock = SystemClock()
    keyring, created = await asyncio.to_thread(load_or_create_keyring, settings)
    vault = Vault(keyring)
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database)
        stack.push_async_callback(database.close)
        await migrate(database)
        await _check_keys(settings, database, vault, is_key_new=created)
        store = SqlAccountStore(database, vault, clock)
        metrics, health = Metrics(), Health()
        health.add("database", database.ping)
        states = AccountStates(store, clock)
        mail = _mail(settings, store, states, clock, metrics)
        policy = AccountPolicy(settings.allow_insecure_mail, settings.mail_timeout)
        accounts = Accounts(store, mail.gateway, states, clock, policy)
        accounts.start()
        stack.push_async_callback(accounts.close)  # after the pool, whose last words it keeps
        stack.push_async_callback(mail.pool.close, settings.shutdown_timeout)
        links = PartLinks(LinkSigner(keyring.derive("part-links"), settings.link_lifetime), clock)
        mailboxes = Mailboxes(
            accounts, MailboxDirectory(SqlMailboxStore(database)), mail.gateway, settings.mail_timeout
        )
        messages = Messages(accounts, mailboxes, mail.gateway, links, settings.mail_timeout)
        idempotency = SqlIdempotencyStore(database, vault, clock)
        face = FaceServices(
            settings=settings,
            clock=clock,
            access=Access(SqlTokenStore(database), store, clock, settings.requests_per_minute),
            accounts=accounts,
            mailboxes=mailboxes,
            messages=messages,
            parts=Parts(messages, mail.gateway, settings.mail_timeout),
            links=links,
            rate_limiter=RateLimiter(clock),
            failures=FailureLimiter(clock),
            idempotency=idempotency,
            metrics=metrics,
            refresh_metrics=_refresher(metrics, store),
            health=health,
        )
        for name, work in (("loop-lag", LoopLag(metrics).run()), ("purge", _purge_hourly(idempotency, clock))):
            stack.push_async_callback(_stopped, asyncio.create_task(work, name=name))
        stack.callback(health.begin_draining)
        yield OpenServices(settings, database, store, face.access, accounts, mail.pool, face)


async def _purge_hourly(idempotency: SqlIdempotencyStore, clock: Clock) -> None:
    """Drop answers whose time is over, now and each hour; a database that is down is asked again next time."""
    while True:
        try:
            await idempotency.purge(clock.now())
        except StorageUnavailable:
            _log.warning("old answers could not be dropped")
        await asyncio.sleep(3600)


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def create_app(settings: Settings) -> FastAPI:
    """Make the ASGI app; its services open when it starts."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[FaceServices]:
        async with open_services(settings) as services:
            yield services.face

    return rest_app.create_app(settings, opened)


def openapi() -> str:
    """Return the OpenAPI document as it is committed; opens nothing."""
    return rest_openapi.write(rest_openapi.build(create_app(Settings())))
