"""What the pool tells about itself."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PoolStats:
    """Connections by what they do at this moment, calls that wait for one, and accounts that are remembered."""

    idle: int
    leased: int
    opening: int
    closing: int
    waiting: int
    accounts: int

    @property
    def open(self) -> int:
        """Connections that work."""
        return self.idle + self.leased


class PoolMeter(Protocol):
    """Counts what the pool does; `outcome` is `ok` or an error code. Must not block or raise."""

    def observe_mail(self, operation: str, outcome: str, seconds: float) -> None:
        """An operation on a mail server ended; `login` and `logout` are operations too."""

    def observe_pool_wait(self, seconds: float, outcome: str = "ok") -> None:
        """A call got its connection after this long, or did not."""

    def count_login(self, outcome: str) -> None:
        """A login was tried."""

    def count_round_trips(self, round_trips: int) -> None:
        """An operation waited so often for an answer."""


class SilentMeter:
    """Counts nothing."""

    def observe_mail(self, operation: str, outcome: str, seconds: float) -> None:
        """Take no notice."""

    def observe_pool_wait(self, seconds: float, outcome: str = "ok") -> None:
        """Take no notice."""

    def count_login(self, outcome: str) -> None:
        """Take no notice."""

    def count_round_trips(self, round_trips: int) -> None:
        """Take no notice."""
