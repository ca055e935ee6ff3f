"""When an event is tried again. Pure: times are Unix seconds, chance is handed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.webhooks.limits import DISABLE_SECONDS, JITTER, RETRY_AFTER_MOST, SCHEDULE

#: Gives a number from 0 to 1, as `random.random` does.
Chance = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Delays before each attempt in seconds, the first one for the first attempt; the last one repeats."""

    steps: Sequence[float] = SCHEDULE
    jitter: float = JITTER
    give_up_after: float = DISABLE_SECONDS

    def next_attempt(self, now: float, failures: int, chance: Chance, retry_after: float | None = None) -> float:
        """Tell when to try again after `failures` (1 or more) in a row.

        A receiver's `Retry-After` (seconds from now) makes it later, never sooner, and by a day at most.
        """
        delay = self.steps[min(failures, len(self.steps) - 1)] * (1 + self.jitter * (2 * chance() - 1))
        return now + max(delay, min(retry_after or 0.0, RETRY_AFTER_MOST))

    def is_over(self, now: float, failing_since: float) -> bool:
        """Whether it failed without a break for too long."""
        return now - failing_since >= self.give_up_after


def held_until(first_failed_at: float, hold_for: float) -> float:
    """Tell until when an event that fails may hold up the later ones of its lane."""
    return first_failed_at + hold_for
