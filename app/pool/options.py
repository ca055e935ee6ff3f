"""What an operator decides about connections."""

from dataclasses import dataclass

from app.config import Settings


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """Ceilings in connections, times in seconds, `logins_per_host` per second.

    `connect_timeout` bounds one login, whoever waits for it: a caller with little time left must not make a healthy
    server look dead.
    """

    connections_per_account: int = 3
    connections_per_host: int = 200
    connections_total: int = 1000
    logins_per_host: float = 20.0
    connection_idle: float = 120.0
    connection_lifetime: float = 1800.0
    pool_wait: float = 5.0
    connect_timeout: float = 10.0

    @classmethod
    def from_settings(cls, settings: Settings) -> "PoolOptions":
        """Take the operator's settings; a login gets as long as any operation."""
        return cls(
            connections_per_account=settings.connections_per_account,
            connections_per_host=settings.connections_per_host,
            connections_total=settings.connections_total,
            logins_per_host=settings.logins_per_host,
            connection_idle=settings.connection_idle,
            connection_lifetime=settings.connection_lifetime,
            pool_wait=settings.pool_wait,
            connect_timeout=settings.mail_timeout,
        )
