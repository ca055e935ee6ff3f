import pytest

from app.domain.webhooks import HEALTHY, Answer, EndpointHealth
from app.webhooks.endpoint_health import (
    after_failure,
    look_by,
    may_look,
    may_look_with_new_event,
    verdict,
)
from app.webhooks.schedule import Schedule

NOW = 1_800_000_000.0
EXACT = Schedule(jitter=0)
REFUSED = Answer(None, 0.1, error="connection_failed")
BROKEN = Answer(500, 0.1)
DAY = 86_400.0


def fail(health: EndpointHealth, answer: Answer = BROKEN, account: str = "a", now: float = NOW) -> EndpointHealth:
    return after_failure(health, answer, account, now, EXACT, lambda: 0.5, is_look=True)


def test_an_event_that_fails_alone_does_not_take_the_endpoint_down() -> None:
    health = HEALTHY
    for number in range(20):
        health = fail(health, now=NOW + number * DAY / 10)
        assert not health.is_down
        assert may_look(health, NOW)
    assert health.failures == 20
    assert health.failing_since == NOW


def test_events_of_two_accounts_that_fail_take_it_down() -> None:
    health = fail(fail(HEALTHY, account="a"), account="b")
    assert health.is_down
    assert health.look_at == NOW + 5
    assert not may_look(health, NOW + 4.9)
    assert may_look(health, NOW + 5)


@pytest.mark.parametrize(
    "answer",
    [
        REFUSED,
        Answer(None, 5.0, error="connect_timeout"),
        Answer(None, 0.0, error="unknown_host"),
        Answer(None, 0.0, error="tls_failed"),
        Answer(None, 0.0, error="blocked", blocked_by="private_address"),
        Answer(503, 0.1),
        Answer(429, 0.1, retry_after=120),
    ],
)
def test_one_failure_of_the_endpoint_itself_takes_it_down(answer: Answer) -> None:
    health = fail(HEALTHY, answer)
    assert health.is_down
    assert health.look_at == NOW + max(5, answer.retry_after or 0)
    assert not may_look_with_new_event(health, NOW + 3600)


def test_looks_follow_the_schedule_from_when_it_went_down() -> None:
    health, now, waits = fail(HEALTHY), NOW, []  # a refused event first: its failure is no look
    for _ in range(5):
        health = fail(health, REFUSED, now=now)
        assert health.look_at is not None
        waits.append(health.look_at - now)
        now = health.look_at
    assert waits == [5, 300, 1800, 7200, 18000]


def test_attempts_that_were_under_way_when_it_went_down_are_no_looks() -> None:
    down = fail(HEALTHY, REFUSED)
    after = down
    for _ in range(9):
        after = after_failure(after, REFUSED, "b", NOW + 1, EXACT, lambda: 0.5)
    assert after.look_at == down.look_at == NOW + 5
    assert after.failures == 10


def test_another_accounts_new_event_need_not_wait_for_a_day_behind_refused_ones() -> None:
    health = HEALTHY
    for number in range(12):
        health = fail(health, account="ab"[number % 2])
    assert not may_look(health, NOW + 3600)
    assert not may_look_with_new_event(health, NOW + 29)
    assert may_look_with_new_event(health, NOW + 30)


def test_a_look_comes_by_the_time_an_event_may_be_held() -> None:
    health = fail(HEALTHY, REFUSED)
    for _ in range(4):
        health = fail(health, REFUSED)
    assert look_by(health, NOW + 60).look_at == NOW + 60
    assert look_by(health, NOW + DAY) == health
    assert look_by(fail(HEALTHY), NOW) == fail(HEALTHY)


def test_410_disables_at_once_and_five_days_do() -> None:
    gone = fail(HEALTHY, Answer(410, 0.1))
    reason = verdict(gone, Answer(410, 0.1), NOW, EXACT)
    assert reason is not None
    assert reason.code == "gone"
    failing = fail(HEALTHY)
    assert verdict(failing, BROKEN, NOW + 5 * DAY - 1, EXACT) is None
    reason = verdict(failing, BROKEN, NOW + 5 * DAY, EXACT)
    assert reason is not None
    assert reason.code == "failing"
