"""Time that moves only when a test says so."""

from dataclasses import dataclass


@dataclass(slots=True)
class FakeClock:
    """Implements `app.domain.ports.Clock`: Unix seconds and monotonic seconds advance together."""

    unix: float = 1_800_000_000.0
    steady: float = 1_000.0

    def now(self) -> float:
        return self.unix

    def monotonic(self) -> float:
        return self.steady

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.unix += seconds
        self.steady += seconds

    def set_back(self, seconds: float) -> None:
        """Turn the wall clock back, as an operator does; the monotonic clock never goes back."""
        self.unix -= seconds
