"""The way to mail servers: the pool and the gateway over it."""

from dataclasses import dataclass

from app.config import Settings
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
from app.services.account_credentials import StoredCredentials
from app.services.account_states import AccountStates
from app.storage.accounts import SqlAccountStore
from app.telemetry.metrics import ConnectionCounts, Metrics


@dataclass(frozen=True, slots=True)
class Mail:
    """The way to mail servers: the pool and the gateway over it."""

    pool: Pool
    gateway: LocalGateway


def open_mail(
    settings: Settings, store: SqlAccountStore, states: AccountStates, clock: Clock, metrics: Metrics
) -> Mail:
    """Put pool and gateway together; nothing connects before the first call."""
    factory = ImapSessionFactory(Dialer(AddressGuard(settings.allowed_mail_networks)), TlsContexts(settings.ca_file))
    options = PoolOptions.from_settings(settings)
    pool = Pool(factory, StoredCredentials(store, clock), states, options, clock, metrics)

    def connections() -> ConnectionCounts:
        now = pool.stats()
        return ConnectionCounts(open=now.open, idle=now.idle, leased=now.leased)

    metrics.track_connections(connections)
    summaries = SummaryCache(settings.summary_cache_bytes)
    return Mail(pool, LocalGateway(pool, factory, summaries, StructureCache(), clock, metrics))
