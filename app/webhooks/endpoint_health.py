"""Whether an endpoint fails as a whole, when it is looked at again, and when it is given up. Pure.

A failure may be the event's (the receiver answered, or took the request and hung) or the endpoint's (it cannot be
reached, or asks for a pause). The endpoint is down when it cannot be reached, or when events of two accounts fail with
no success between; then one lane at a time looks whether it works again, and the first success ends all of this.
"""

from dataclasses import replace

from app.domain.webhooks import Answer, DisabledReason, EndpointHealth
from app.webhooks.limits import FRESH_LOOK_SECONDS
from app.webhooks.schedule import Chance, Schedule

_UNREACHABLE = frozenset(
    ("unknown_host", "connect_timeout", "connection_failed", "tls_failed", "blocked", "invalid_url")
)
_ASKS_FOR_PAUSE = frozenset((429, 503))
_GONE = 410


def is_about_endpoint(answer: Answer) -> bool:
    """Whether a failure says nothing about the event that was sent."""
    return answer.error in _UNREACHABLE or answer.status in _ASKS_FOR_PAUSE


def after_failure(
    health: EndpointHealth,
    answer: Answer,
    account: str,
    now: float,
    schedule: Schedule,
    chance: Chance,
    *,
    is_look: bool = False,
) -> EndpointHealth:
    """Work out the health after an attempt for an event of `account` failed.

    Once the endpoint is down only looks (`is_look`) say something new: what else fails was under way before.
    """
    if health.is_down and not is_look:
        return replace(health, failures=health.failures + 1)
    about_endpoint = is_about_endpoint(answer)
    suspect = account if health.failing_since is None else health.suspect
    is_down = health.is_down or about_endpoint or suspect != account
    looks = health.looks + 1 if is_down else 0  # the failure that took it down is the first
    look_at = schedule.next_attempt(now, looks, chance, answer.retry_after) if is_down else None
    return EndpointHealth(
        failing_since=now if health.failing_since is None else health.failing_since,
        failures=health.failures + 1,
        suspect=suspect,
        is_down=is_down,
        looks=looks,
        is_reached=not about_endpoint,
        look_at=look_at,
        looked_at=now,
    )


def look_by(health: EndpointHealth, by: float) -> EndpointHealth:
    """Have a failing endpoint looked at by a certain time, when that is sooner: an event may be held no longer."""
    if health.look_at is None or health.look_at <= by:
        return health
    return replace(health, look_at=by)


def may_look(health: EndpointHealth, now: float) -> bool:
    """Whether a lane of this endpoint may be tried now at all."""
    return not health.is_down or health.look_at is None or health.look_at <= now


def may_look_with_new_event(health: EndpointHealth, now: float) -> bool:
    """Whether a lane whose event was never tried may look though the schedule says later.

    An endpoint that answers may refuse some events alone, of several accounts too: another's new event finds out.
    """
    return health.is_reached and health.looked_at is not None and now - health.looked_at >= FRESH_LOOK_SECONDS


def verdict(health: EndpointHealth, answer: Answer, now: float, schedule: Schedule) -> DisabledReason | None:
    """Tell whether a failed attempt is the one that disables the endpoint."""
    if answer.status == _GONE:
        return DisabledReason("gone", "The receiver answered 410: it does not want these events any more.", now)
    if health.failing_since is not None and schedule.is_over(now, health.failing_since):
        days = round(schedule.give_up_after / 86_400)
        return DisabledReason("failing", f"Every attempt failed for {days} days.", now)
    return None
