"""Time, as policy needs it."""

from typing import Protocol


class Clock(Protocol):
    """Time that a test can hold still."""

    def now(self) -> float:
        """Unix seconds."""

    def monotonic(self) -> float:
        """Seconds on the clock of deadlines."""
