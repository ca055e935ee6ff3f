import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass

from app.domain.access import Principal
from app.domain.errors import RateLimited
from app.domain.ports import Clock
from app.services.account_limits import BUCKETS, FAILURES_AT_ONCE, FAILURES_PER_MINUTE

WINDOW = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller has left: `limit` requests per `window` seconds, `remaining` now, all again in `reset` seconds."""

    limit: int
    window: int
    remaining: int
    reset: int


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class _Buckets:
    """Token buckets by key, bounded. A bucket that is not there is full."""

    def __init__(self, clock: Clock, size: int) -> None:
        self._clock = clock
        self._size = size
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def filled(self, key: str, capacity: int, per_second: float) -> _Bucket:
        """Return the bucket of `key`, filled up to now."""
        now = self._clock.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(float(capacity), now)
            if len(self._buckets) > self._size:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            bucket.level = min(float(capacity), bucket.level + (now - bucket.at) * per_second)
            bucket.at = now
        return bucket


class RateLimiter:
    """Lets each token make its own number of requests per minute, in bursts of as many, refilled steadily."""

    def __init__(self, clock: Clock, size: int = BUCKETS) -> None:
        self._buckets = _Buckets(clock, size)

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, principal: Principal) -> Allowance:
        """Count one request. Raises RateLimited, with the seconds until the next one is free."""
        limit = principal.requests_per_minute
        per_second = limit / WINDOW
        bucket = self._buckets.filled(principal.token_id, limit, per_second)
        if bucket.level < 1:
            raise RateLimited(
                f"This token may make {limit} requests in {WINDOW} seconds.",
                retry_after=(1 - bucket.level) / per_second,
            )
        bucket.level -= 1
        return Allowance(limit, WINDOW, int(bucket.level), math.ceil((limit - bucket.level) / per_second))


class FailureLimiter:
    """Slows down an address that keeps presenting tokens that are not valid.

    IPv6 addresses count by their /64, which is what one customer has.
    """

    def __init__(self, clock: Clock, size: int = BUCKETS) -> None:
        self._buckets = _Buckets(clock, size)

    def __len__(self) -> int:
        return len(self._buckets)

    def check(self, address: str) -> None:
        """Ask when a token turned out not to be valid. Raises RateLimited when the address has failed too often."""
        bucket = self._bucket(address)
        if bucket.level < 1:
            raise RateLimited(
                "Too many requests from this address without a valid token.",
                retry_after=(1 - bucket.level) * 60 / FAILURES_PER_MINUTE,
            )

    def failed(self, address: str) -> None:
        """Count one failed authentication."""
        bucket = self._bucket(address)
        bucket.level = max(0.0, bucket.level - 1)

    def _bucket(self, address: str) -> _Bucket:
        return self._buckets.filled(_network(address), FAILURES_AT_ONCE, FAILURES_PER_MINUTE / 60)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"  # a proxy that hides its clients, or a Unix socket: they share one bucket
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
