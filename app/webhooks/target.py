"""An endpoint as the dispatcher knows it: its newest settings and keys, and what it can take at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from app.domain.ports import Clock
from app.domain.webhooks import Endpoint, EndpointKey
from app.webhooks.limits import RATE_AHEAD
from app.webhooks.signature import key_of

Sleep = Callable[[float], Awaitable[object]]


class Target:
    """What deliveries under way to one endpoint share; brought up to date with each turn."""

    def __init__(self, endpoint: Endpoint, keys: Sequence[EndpointKey], clock: Clock, sleep: Sleep) -> None:
        """Take the endpoint as it was read, its secrets, the time, and how to wait."""
        self.endpoint = endpoint
        self.lanes = 0  # that are claimed here
        self._clock = clock
        self._sleep = sleep
        self._next_at = 0.0
        self._slots = asyncio.Semaphore(endpoint.concurrency)
        self._keys: tuple[tuple[bytes, float | None], ...] = ()
        self.renew(endpoint, keys)

    def renew(self, endpoint: Endpoint, keys: Sequence[EndpointKey] | None) -> None:
        """Take newer settings, and keys if they changed; attempts under way end by the old ones."""
        if endpoint.concurrency != self.endpoint.concurrency:
            self._slots = asyncio.Semaphore(endpoint.concurrency)
        self.endpoint = endpoint
        if keys is not None:
            self._keys = tuple((key_of(key.secret), key.expires_at) for key in keys)

    def signing_keys(self) -> list[bytes]:
        """The keys that sign now, the newest first."""
        now = self._clock.now()
        return [key for key, expires_at in self._keys if expires_at is None or now < expires_at]

    @property
    def free_lanes(self) -> int:
        """How many more lanes may be claimed; at a low rate no more than come to their turn soon."""
        most = self.endpoint.concurrency
        if self.endpoint.rate is not None:
            most = min(most, max(1, round(self.endpoint.rate * RATE_AHEAD)))
        return max(0, most - self.lanes)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for this attempt's turn: at most `concurrency` at a time, and `rate` a second."""
        async with self._slots:
            if self.endpoint.rate is not None:
                now = self._clock.monotonic()
                due = max(now, self._next_at)
                self._next_at = due + 1 / self.endpoint.rate
                if due > now:
                    await self._sleep(due - now)
            yield
