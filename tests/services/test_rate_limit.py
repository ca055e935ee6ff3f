import pytest

from app.domain.errors import RateLimited
from app.services.rate_limit import Allowance, FailureLimiter, RateLimiter
from tests.services.fakes import caller
from tests.support.clock import FakeClock


def test_a_token_makes_as_many_requests_as_it_may_and_no_more(clock: FakeClock) -> None:
    limiter, principal = RateLimiter(clock), caller(rate=3)
    assert limiter.take(principal) == Allowance(limit=3, window=60, remaining=2, reset=20)
    limiter.take(principal)
    assert limiter.take(principal).remaining == 0
    with pytest.raises(RateLimited) as caught:
        limiter.take(principal)
    assert caught.value.retry_after == pytest.approx(20)


def test_after_the_told_wait_one_more_is_free(clock: FakeClock) -> None:
    limiter, principal = RateLimiter(clock), caller(rate=6)
    for _ in range(6):
        limiter.take(principal)
    with pytest.raises(RateLimited) as caught:
        limiter.take(principal)
    clock.advance(caught.value.retry_after or 0)
    assert limiter.take(principal).remaining == 0
    clock.advance(3600)
    assert limiter.take(principal).remaining == 5


def test_tokens_do_not_share(clock: FakeClock) -> None:
    limiter = RateLimiter(clock)
    limiter.take(caller("aaaa", rate=1))
    assert limiter.take(caller("bbbb", rate=1)).remaining == 0


def test_turning_the_wall_clock_back_gives_and_takes_nothing(clock: FakeClock) -> None:
    limiter, principal = RateLimiter(clock), caller(rate=2)
    limiter.take(principal)
    clock.set_back(86_400)
    assert limiter.take(principal).remaining == 0


def test_buckets_are_bounded_and_the_least_used_leaves(clock: FakeClock) -> None:
    limiter = RateLimiter(clock, size=2)
    for name in ("aaaa", "bbbb", "cccc"):
        limiter.take(caller(name, rate=1))
    assert len(limiter) == 2
    with pytest.raises(RateLimited):
        limiter.take(caller("cccc", rate=1))


def test_a_guesser_is_slowed_down_and_others_are_not(clock: FakeClock) -> None:
    limiter = FailureLimiter(clock)
    for _ in range(60):
        limiter.check("2001:db8::1")
        limiter.failed("2001:db8::1")
    with pytest.raises(RateLimited):
        limiter.check("2001:db8::1")
    with pytest.raises(RateLimited):
        limiter.check("2001:db8::ffff:1")  # the same customer's /64
    limiter.check("2001:db8:0:1::1")
    limiter.check("192.0.2.1")
    clock.advance(1)
    limiter.check("2001:db8::1")


def test_an_ipv4_address_written_as_ipv6_is_the_same_address(clock: FakeClock) -> None:
    limiter = FailureLimiter(clock)
    for _ in range(60):
        limiter.failed("::ffff:192.0.2.7")
    with pytest.raises(RateLimited):
        limiter.check("192.0.2.7")


@pytest.mark.parametrize("address", ["", "testclient", "unix:"])
def test_an_address_that_is_none_is_counted_too(clock: FakeClock, address: str) -> None:
    limiter = FailureLimiter(clock)
    for _ in range(60):
        limiter.failed(address)
    with pytest.raises(RateLimited):
        limiter.check(address)


def test_success_costs_the_address_nothing(clock: FakeClock) -> None:
    limiter = FailureLimiter(clock)
    for _ in range(1000):
        limiter.check("192.0.2.1")
