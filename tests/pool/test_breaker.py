import random

from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import AuthenticationFailed, NotSupportedByServer, StaleReference, UpstreamUnavailable
from app.pool.breaker import Breaker, repeated


def test_it_is_closed_until_something_fails() -> None:
    breaker = Breaker(random.Random(1))
    assert breaker.is_closed
    assert breaker.permits(0, 100)
    assert breaker.refusal(0) is None


def test_while_half_open_one_probe_is_let_through() -> None:
    breaker = Breaker(random.Random(1))
    retry_at = breaker.fail(UpstreamUnavailable("no"), 100)
    assert not breaker.permits(retry_at - 0.001, 0)
    assert breaker.permits(retry_at, 0)
    assert not breaker.permits(retry_at, 1)
    breaker.reset()
    assert breaker.permits(0, 1)


def test_a_late_failure_never_shortens_the_pause() -> None:
    breaker = Breaker(random.Random(1))
    first = breaker.fail(AuthenticationFailed("no"), 0)
    assert breaker.fail(UpstreamUnavailable("no"), 1) == first == 900


@given(st.integers(1, 2000), st.integers())
def test_every_backoff_is_at_least_most_of_a_second_and_at_most_five_minutes(failures: int, seed: int) -> None:
    breaker = Breaker(random.Random(seed))
    now = 0.0
    for _ in range(failures):
        delay = breaker.fail(UpstreamUnavailable("no"), now) - now
        assert 0.79 <= delay <= 300.001
        now = breaker.retry_at
    assert not breaker.is_forgettable(now)
    assert breaker.is_forgettable(now + 600)


def test_an_error_said_again_keeps_what_it_carries() -> None:
    again = repeated(StaleReference("gone", moved_to="msg_x"), 5)
    assert (again.detail, again.moved_to, again.retry_after, str(again)) == ("gone", "msg_x", 5, "gone")
    assert repeated(NotSupportedByServer("no", "MOVE"), None).capability == "MOVE"
