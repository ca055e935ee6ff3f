"""The way to mail servers: a pool and a gateway for each protocol, and one gateway over them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.config import Settings
from app.domain.account import MailProtocol
from app.domain.ids import AccountId
from app.domain.ports import BodyCache, Clock, MaildropSession, MailSession, Session
from app.gateway.by_protocol import ByProtocol, WatchedMail
from app.gateway.local import LocalGateway
from app.gateway.maildrop.gateway import MaildropGateway
from app.gateway.maildrop.limits import SESSION_IDLE, SESSION_LIFETIME
from app.gateway.structure_cache import StructureCache
from app.gateway.summary_cache import SummaryCache
from app.imap.session import ImapSessionFactory
from app.net.dialer import Dialer
from app.net.guard import AddressGuard
from app.net.tls import TlsContexts
from app.pool.options import PoolOptions
from app.pool.pool import Pool
from app.pop3.session import Pop3SessionFactory
from app.services.account_credentials import StoredCredentials
from app.services.account_states import AccountStates
from app.storage.accounts import SqlAccountStore
from app.storage.bodies import DiskBodyCache
from app.storage.engine import Database
from app.storage.maildrops import SqlMaildropStore
from app.telemetry.metrics import ConnectionCounts, Metrics


@dataclass(frozen=True, slots=True)
class Mail:
    """The way to mail servers."""

    pools: tuple[Pool[Session], ...]
    gateway: ByProtocol

    async def close(self, timeout: float) -> None:
        """Close all connections, within `timeout` seconds each."""
        for pool in self.pools:
            await pool.close(timeout)


@dataclass(frozen=True, slots=True)
class MailParts:
    """What the way to mail servers is made of."""

    settings: Settings
    database: Database
    accounts: SqlAccountStore
    states: AccountStates
    clock: Clock
    metrics: Metrics
    bodies: BodyCache


def open_bodies(settings: Settings, key: bytes) -> BodyCache:
    """Open the cache of downloaded messages, sealed with `key`; blocking. Raises StorageUnavailable."""
    return DiskBodyCache(settings.data_dir / "bodies", settings.body_cache_bytes, key)


def open_mail(parts: MailParts) -> Mail:
    """Put pools and gateways together; nothing connects before the first call."""
    settings, clock, metrics = parts.settings, parts.clock, parts.metrics
    dialer, contexts = Dialer(AddressGuard(settings.allowed_mail_networks)), TlsContexts(settings.ca_file)
    credentials = StoredCredentials(parts.accounts, clock)
    options = PoolOptions.from_settings(settings)
    imap = ImapSessionFactory(dialer, contexts)
    imap_pool: Pool[MailSession] = Pool(imap, credentials, parts.states, options, clock, metrics)
    summaries = SummaryCache(settings.summary_cache_bytes)
    # A maildrop is held by one session alone, and other programs want in too.
    short = replace(
        options, connections_per_account=1, connection_idle=SESSION_IDLE, connection_lifetime=SESSION_LIFETIME
    )
    pop3 = Pop3SessionFactory(dialer, contexts)
    pop3_pool: Pool[MaildropSession] = Pool(pop3, credentials, parts.states, short, clock, metrics)
    gateways: dict[MailProtocol, WatchedMail] = {
        MailProtocol.IMAP: LocalGateway(imap_pool, imap, summaries, StructureCache(), clock, metrics),
        MailProtocol.POP3: MaildropGateway(
            pop3_pool, pop3, SqlMaildropStore(parts.database), parts.bodies, clock, settings.watch_interval
        ),
    }

    async def protocol_of(account_id: AccountId) -> MailProtocol:
        plan, _ = await parts.accounts.plan(account_id)
        return plan.incoming.protocol

    pools = (imap_pool, pop3_pool)
    _track(metrics, pools)
    return Mail(pools, ByProtocol(gateways, protocol_of))


def _track(metrics: Metrics, pools: Sequence[Pool[Session]]) -> None:
    def connections() -> ConnectionCounts:
        now = [pool.stats() for pool in pools]
        return ConnectionCounts(
            open=sum(one.open for one in now), idle=sum(one.idle for one in now), leased=sum(one.leased for one in now)
        )

    metrics.track_connections(connections)
