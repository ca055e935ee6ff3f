import random

from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.limits import SCHEDULE
from app.webhooks.schedule import Schedule

NOW = 1_800_000_000.0
FIVE_DAYS = 5 * 86_400.0


def test_the_schedule_of_standard_webhooks() -> None:
    waits = [Schedule(jitter=0).next_attempt(NOW, failures, random.random) - NOW for failures in range(1, 12)]
    minute, hour = 60, 3600
    steps = [5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour]
    assert waits == [*steps, 24 * hour, 24 * hour]


@given(failures=st.integers(1, 1000), chance=st.floats(0, 1))
def test_jitter_stays_within_a_fifth(failures: int, chance: float) -> None:
    wait = Schedule().next_attempt(0.0, failures, lambda: chance)
    step = SCHEDULE[min(failures, len(SCHEDULE) - 1)]
    assert 0.8 * step - 1e-6 <= wait <= 1.2 * step + 1e-6


def test_jitter_spreads() -> None:
    chance = random.Random(1).random
    waits = [Schedule().next_attempt(0.0, 2, chance) for _ in range(200)]
    assert min(waits) < 255
    assert max(waits) > 345


@given(failures=st.integers(1, 20), retry_after=st.floats(0, 1e9))
def test_retry_after_makes_it_later_never_sooner_and_by_a_day_at_most(failures: int, retry_after: float) -> None:
    plain = Schedule(jitter=0).next_attempt(0.0, failures, random.random)
    asked = Schedule(jitter=0).next_attempt(0.0, failures, random.random, retry_after)
    assert asked == max(plain, min(retry_after, 86_400))


@given(st.lists(st.floats(0, 1), min_size=30, max_size=30))
def test_five_days_of_failure_are_at_least_eleven_attempts(chances: list[float]) -> None:
    """However the jitter falls, nobody is given up after a handful of looks."""
    schedule, now, failures = Schedule(), 0.0, 1
    given = iter(chances)
    while not schedule.is_over(now, 0.0):
        now = schedule.next_attempt(now, failures, lambda: next(given))
        failures += 1
    assert failures >= 11
    assert now < FIVE_DAYS + 1.2 * 86_400
