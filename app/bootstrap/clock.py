"""The time there is."""

import time


class SystemClock:
    """The time there is."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on the clock of deadlines."""
        return time.monotonic()
