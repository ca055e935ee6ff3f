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
    """Counts what the pool does. Must not block or raise."""

    def observe_mail(self, operation: str, outcome: str, seconds: float) -> None:
        """An operation on a mail server ended: `outcome` is `ok` or an error code. `login` and `logout` count too."""

    def observe_wait(self, seconds: float) -> None:
        """A call waited this long for its connection, an unsuccessful one too."""


class SilentMeter:
    """Counts nothing."""

    def observe_mail(self, operation: str, outcome: str, seconds: float) -> None:
        """Take no notice."""

    def observe_wait(self, seconds: float) -> None:
        """Take no notice."""
