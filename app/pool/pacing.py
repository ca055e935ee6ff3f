"""Logins to one host, not too many at a time."""

import asyncio
from collections import deque
from collections.abc import Callable

from app.domain.ports import Clock


class LoginPace:
    """At most `rate` logins in any one second (below 1: one in 1/`rate` seconds); the others wait in order."""

    __slots__ = ("_clock", "_period", "_times", "_turn")

    def __init__(self, rate: float, clock: Clock) -> None:
        """Take the rate in logins per second."""
        count = max(1, int(rate))
        self._period = count / rate
        self._times: deque[float] = deque(maxlen=count)
        self._turn = asyncio.Lock()
        self._clock = clock

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits and no login of the past matters any more."""
        return not self._turn.locked() and not (self._times and self._wait(self._times[-1]) > 0)

    async def turn(self, is_wanted: Callable[[], bool]) -> bool:
        """Wait for a turn and take it; False, and no turn is used up, when `is_wanted` says no meanwhile."""
        async with self._turn:
            while is_wanted():
                full = len(self._times) == self._times.maxlen
                wait = self._wait(self._times[0]) if full else 0.0
                if wait <= 0:
                    self._times.append(self._clock.monotonic())
                    return True
                await asyncio.sleep(wait)
        return False

    def _wait(self, login: float) -> float:
        return login + self._period - self._clock.monotonic()
