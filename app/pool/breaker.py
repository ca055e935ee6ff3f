"""The circuit breaker of one account.

    closed ──failure──> open until retry_at ──time──> half-open: one probe ──success──> closed
                          ^                                    │
                          └───────────── failure, longer ──────┘

Times are on the clock of deadlines.
"""

import random
from typing import TypeVar

from app.domain.errors import AuthenticationFailed, MailhatchError, UpstreamThrottled
from app.pool.limits import (
    BACKOFF_FIRST,
    BACKOFF_JITTER,
    BACKOFF_LONGEST,
    BREAKER_MEMORY,
    LOGIN_PAUSE,
    SERVER_PAUSE_LONGEST,
)

E = TypeVar("E", bound=MailhatchError)


def repeated(error: E, retry_after: float | None) -> E:
    """Say an error again to another caller: one exception raised by two tasks would mix up their tracebacks."""
    again = type(error).__new__(type(error), error.detail)
    again.__dict__.update(error.__dict__)
    again.retry_after = retry_after
    return again


class Breaker:
    """Remembers how connecting failed and when it may be tried again."""

    __slots__ = ("_error", "_failures", "_random", "retry_at")

    def __init__(self, source: random.Random) -> None:
        """Start closed; `source` is where jitter comes from."""
        self._random = source
        self._failures = 0
        self._error: MailhatchError | None = None
        self.retry_at = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether nothing is wrong."""
        return self._error is None

    def permits(self, now: float, opening: int) -> bool:
        """Whether one more login may be tried while `opening` others are: while unhealthy only one at a time."""
        return self._error is None or (now >= self.retry_at and opening == 0)

    def refusal(self, now: float) -> MailhatchError | None:
        """The last failure said again, with the time left as `retry_after`; None when a login may be tried."""
        if self._error is None or now >= self.retry_at:
            return None
        return repeated(self._error, self.retry_at - now)

    def pause(self, now: float) -> MailhatchError | None:
        """Like `refusal`, but only for a server that asked for a pause: then open connections rest as well."""
        return self.refusal(now) if isinstance(self._error, UpstreamThrottled) else None

    def fail(self, error: MailhatchError, now: float) -> float:
        """Open; returns the time of the next attempt. What the server asked for is honoured, within its bound."""
        self._failures += 1
        self._error = error
        if isinstance(error, AuthenticationFailed):
            delay = LOGIN_PAUSE
        else:
            spread = self._random.uniform(1 - BACKOFF_JITTER, 1 + BACKOFF_JITTER)
            delay = min(BACKOFF_FIRST * 2 ** min(self._failures - 1, 30) * spread, BACKOFF_LONGEST)
        asked = min(error.retry_after or 0.0, SERVER_PAUSE_LONGEST)
        self.retry_at = max(self.retry_at, now + max(delay, asked))
        return self.retry_at

    def reset(self) -> None:
        """Close: a login succeeded, or the credentials are new."""
        self._failures = 0
        self._error = None
        self.retry_at = 0.0

    def is_forgettable(self, now: float) -> bool:
        """Whether dropping this breaker would change nothing that matters."""
        return self._error is None or now >= self.retry_at + BREAKER_MEMORY
