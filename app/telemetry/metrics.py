"""Metrics for Prometheus, in a registry of their own. No label names an account, a host or a person.

Every label has few values: routes are templates, outcomes are error codes, operations and states are fixed words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app.domain.account import AccountState
from app.domain.errors import MailhatchError
from app.domain.webhooks import Answer
from app.telemetry.process import ProcessUse

#: Bounds of the histograms in seconds, from a cached answer (milliseconds) to the longest deadline's neighbourhood.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

#: A client may send any word as its method; unknown ones share a label.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


@dataclass(frozen=True, slots=True)
class ConnectionCounts:
    """Connections to mail servers: `open` is all, `idle` those waiting for work, `leased` those at work."""

    open: int
    idle: int
    leased: int


def outcome_of(error: BaseException | None) -> str:
    """Name how something ended, as a label: `ok`, an error's code, or `internal_error` for what is not ours."""
    if error is None:
        return "ok"
    return error.code if isinstance(error, MailhatchError) else "internal_error"


class Metrics:
    """All that is counted. Methods are cheap, never raise for a value, and are safe from any thread."""

    def __init__(self) -> None:
        """Make an own registry with everything in it, and what the process uses."""
        registry = self._registry = CollectorRegistry()
        registry.register(ProcessUse())
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        histogram = partial(Histogram, buckets=_SECONDS, registry=registry)
        self._requests = counter("mailhatch_http_requests", "Requests answered.", ("method", "route", "status"))
        self._request_seconds = histogram(
            "mailhatch_http_request_seconds", "Time to the end of the answer.", ("method", "route")
        )
        self._mail = counter("mailhatch_mail_operations", "Operations on mail servers.", ("operation", "outcome"))
        self._mail_seconds = histogram(
            "mailhatch_mail_operation_seconds", "Time an operation on a mail server took.", ("operation",)
        )
        self._logins = counter("mailhatch_logins", "Logins at mail servers.", ("outcome",))
        self._pool_waits = histogram(
            "mailhatch_pool_wait_seconds", "Time calls waited for a mail connection.", ("outcome",)
        )
        self._round_trips = counter("mailhatch_mail_round_trips", "Times a mail server's answer was waited for.")
        self._cache_reads = counter("mailhatch_summary_cache_reads", "Summaries looked for in the cache.", ("result",))
        self._cache_bytes = gauge("mailhatch_summary_cache_bytes", "Memory of cached summaries.")
        self._cache_entries = gauge("mailhatch_summary_cache_entries", "Cached summaries.")
        self._connections = gauge("mailhatch_connections", "Connections to mail servers; open is all.", ("state",))
        self._accounts = gauge("mailhatch_accounts", "Accounts by state.", ("state",))
        self._deliveries = counter("mailhatch_webhook_deliveries", "Attempts to deliver webhooks.", ("result",))
        self._delivery_seconds = histogram("mailhatch_webhook_delivery_seconds", "Time an attempt took.")
        self._oldest_owed = gauge(
            "mailhatch_webhook_oldest_owed_seconds", "Age of the oldest event an enabled endpoint is still owed."
        )
        self._lag = histogram("mailhatch_event_loop_lag_seconds", "How late the event loop ran what was due.")

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; `route` is the template, never the path."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, f"{status // 100}xx").inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def observe_mail(self, operation: str, outcome: str, seconds: float) -> None:
        """Count an operation on a mail server; `outcome` is `ok` or an error code (`outcome_of`)."""
        self._mail.labels(operation, outcome).inc()
        self._mail_seconds.labels(operation).observe(seconds)

    def observe_pool_wait(self, seconds: float, outcome: str = "ok") -> None:
        """Count a call's wait for a connection; `outcome` is `ok` or an error code."""
        self._pool_waits.labels(outcome).observe(seconds)

    def count_login(self, outcome: str) -> None:
        """Count an attempt to log in; `outcome` is `ok` or an error code."""
        self._logins.labels(outcome).inc()

    def count_round_trips(self, round_trips: int) -> None:
        """Add how often mail servers were waited for."""
        self._round_trips.inc(max(round_trips, 0))

    def count_cache(self, hits: int, misses: int) -> None:
        """Add what was found in the summary cache, and what was not."""
        self._cache_reads.labels("hit").inc(max(hits, 0))
        self._cache_reads.labels("miss").inc(max(misses, 0))

    def set_cache_size(self, size: int, entries: int) -> None:
        """Tell how many bytes and summaries the cache holds now."""
        self._cache_bytes.set(size)
        self._cache_entries.set(entries)

    def track_connections(self, source: Callable[[], ConnectionCounts]) -> None:
        """Ask `source` for the connections at each scrape; it must not block or raise."""
        self._connections.labels("open").set_function(lambda: source().open)
        self._connections.labels("idle").set_function(lambda: source().idle)
        self._connections.labels("leased").set_function(lambda: source().leased)

    def set_accounts(self, counts: Mapping[AccountState, int]) -> None:
        """Tell how many accounts are in each state; those left out are none. To be called before a scrape."""
        for state in AccountState:
            self._accounts.labels(state.value).set(counts.get(state, 0))

    def count_delivery(self, answer: Answer) -> None:
        """Count an attempt to deliver a webhook: `2xx` and the like, or what went wrong."""
        result = answer.error if answer.status is None else f"{answer.status // 100}xx"
        self._deliveries.labels(result or "unknown").inc()
        self._delivery_seconds.observe(answer.seconds)

    def set_oldest_owed(self, seconds: float) -> None:
        """Tell how old the oldest event is that a webhook endpoint is owed; 0 when none is."""
        self._oldest_owed.set(max(seconds, 0))

    def observe_loop_lag(self, seconds: float) -> None:
        """Count how late the event loop was."""
        self._lag.observe(max(seconds, 0))

    def render(self) -> tuple[bytes, str]:
        """Return the Prometheus text and its content type. Opens no file: it may run on the event loop."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
