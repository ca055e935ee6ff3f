import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.domain.account import AccountState
from app.domain.errors import UpstreamTimeout
from app.telemetry.metrics import ConnectionCounts, Metrics, outcome_of


def _samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text, content_type = metrics.render()
    assert content_type.startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def _value(metrics: Metrics, name: str, **labels: str) -> float:
    return _samples(metrics)[name, tuple(sorted(labels.items()))]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_requests_are_counted_by_template_and_class(metrics: Metrics) -> None:
    for status in (200, 204, 404):
        metrics.observe_request("GET", "/v1/accounts/{account}", status, 0.02)
    route = "/v1/accounts/{account}"
    assert _value(metrics, "mailhatch_http_requests_total", method="GET", route=route, status="2xx") == 2
    assert _value(metrics, "mailhatch_http_requests_total", method="GET", route=route, status="4xx") == 1
    assert _value(metrics, "mailhatch_http_request_seconds_count", method="GET", route=route) == 3
    assert _value(metrics, "mailhatch_http_request_seconds_bucket", method="GET", route=route, le="0.01") == 0
    assert _value(metrics, "mailhatch_http_request_seconds_bucket", method="GET", route=route, le="0.025") == 3


def test_invented_methods_share_one_label(metrics: Metrics) -> None:
    """A client that sends a new method each time must not make a new series each time."""
    for number in range(100):
        metrics.observe_request(f"M{number}", "unmatched", 405, 0.01)
    assert _value(metrics, "mailhatch_http_requests_total", method="other", route="unmatched", status="4xx") == 100
    assert len([name for name, _ in _samples(metrics) if name == "mailhatch_http_requests_total"]) == 1


def test_mail_operations_waits_and_logins_are_counted_by_outcome(metrics: Metrics) -> None:
    metrics.observe_mail("page", "ok", 0.01)
    metrics.observe_mail("page", outcome_of(UpstreamTimeout("late")), 10)
    metrics.observe_pool_wait(0.2)
    metrics.observe_pool_wait(5, "too_many_connections")
    metrics.count_login("authentication_failed")
    assert _value(metrics, "mailhatch_mail_operations_total", operation="page", outcome="ok") == 1
    assert _value(metrics, "mailhatch_mail_operations_total", operation="page", outcome="upstream_timeout") == 1
    assert _value(metrics, "mailhatch_mail_operation_seconds_sum", operation="page") == pytest.approx(10.01)
    assert _value(metrics, "mailhatch_pool_wait_seconds_sum", outcome="ok") == pytest.approx(0.2)
    assert _value(metrics, "mailhatch_pool_wait_seconds_count", outcome="too_many_connections") == 1
    assert _value(metrics, "mailhatch_logins_total", outcome="authentication_failed") == 1


def test_an_outcome_is_a_code() -> None:
    assert outcome_of(None) == "ok"
    assert outcome_of(UpstreamTimeout("x")) == "upstream_timeout"
    assert outcome_of(ValueError("my mail")) == "internal_error"


def test_traffic_cache_and_lag_add_up(metrics: Metrics) -> None:
    metrics.count_round_trips(2)
    metrics.count_round_trips(1)
    metrics.count_round_trips(-5)
    metrics.count_cache(hits=48, misses=2)
    metrics.set_cache_size(4096, 50)
    metrics.observe_loop_lag(0.3)
    assert _value(metrics, "mailhatch_mail_round_trips_total") == 3
    assert _value(metrics, "mailhatch_summary_cache_reads_total", result="hit") == 48
    assert _value(metrics, "mailhatch_summary_cache_reads_total", result="miss") == 2
    assert _value(metrics, "mailhatch_summary_cache_bytes") == 4096
    assert _value(metrics, "mailhatch_summary_cache_entries") == 50
    assert _value(metrics, "mailhatch_event_loop_lag_seconds_sum") == pytest.approx(0.3)


def test_connections_are_asked_for_at_each_scrape(metrics: Metrics) -> None:
    now = ConnectionCounts(open=5, idle=3, leased=2)
    metrics.track_connections(lambda: now)
    assert [_value(metrics, "mailhatch_connections", state=one) for one in ("open", "idle", "leased")] == [5, 3, 2]
    now = ConnectionCounts(open=1, idle=1, leased=0)
    assert [_value(metrics, "mailhatch_connections", state=one) for one in ("open", "idle", "leased")] == [1, 1, 0]


def test_accounts_are_told_for_every_state(metrics: Metrics) -> None:
    metrics.set_accounts({AccountState.CONNECTED: 3, AccountState.PAUSED: 1})
    metrics.set_accounts({AccountState.CONNECTED: 4})
    told = {state: _value(metrics, "mailhatch_accounts", state=state.value) for state in AccountState}
    assert told.pop(AccountState.CONNECTED) == 4
    assert set(told.values()) == {0}
    assert len(told) == len(AccountState) - 1


def test_two_registries_do_not_share() -> None:
    one, other = Metrics(), Metrics()
    one.count_login("ok")
    assert ("mailhatch_logins_total", (("outcome", "ok"),)) not in _samples(other)


def test_no_label_can_name_an_account_or_a_host(metrics: Metrics) -> None:
    metrics.observe_request("GET", "/v1/accounts", 200, 0.1)
    metrics.observe_mail("page", "ok", 0.1)
    metrics.observe_pool_wait(0.1)
    metrics.count_login("ok")
    metrics.count_cache(1, 1)
    metrics.set_accounts({})
    metrics.track_connections(lambda: ConnectionCounts(0, 0, 0))
    names = {label for name, labels in _samples(metrics) if name.startswith("mailhatch_") for label, _ in labels}
    assert names == {"method", "route", "status", "operation", "outcome", "result", "state", "le"}


async def test_a_scrape_blocks_no_event_loop(metrics: Metrics) -> None:
    """BlockBuster watches this one: reading /proc would fail it."""
    names = {name for name, _ in _samples(metrics)}
    assert {"process_cpu_seconds_total", "process_start_time_seconds", "mailhatch_process_threads"} <= names
    assert _value(metrics, "mailhatch_process_peak_memory_bytes") > 1_000_000


def test_every_metric_has_a_help_text(metrics: Metrics) -> None:
    text = metrics.render()[0].decode()
    helped = dict(re.findall(r"^# HELP (mailhatch_\S+) (.*)$", text, re.MULTILINE))
    assert len(helped) >= 14
    assert all(sentence.endswith(".") for sentence in helped.values())
