"""What one call cost, carried along in a context variable: for Server-Timing, metrics and tests."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class CallCost:
    """Of one call: seconds waited for a connection, seconds the mail server took, round trips, and bytes it sent."""

    pool_wait: float = 0.0
    mail: float = 0.0
    round_trips: int = 0
    bytes: int = 0


_current: ContextVar[CallCost | None] = ContextVar("call_cost", default=None)


def begin_call() -> CallCost:
    """Start counting for the current task and its children."""
    cost = CallCost()
    _current.set(cost)
    return cost


def current_cost() -> CallCost:
    """Return the counter of this call; a throw-away one outside any call."""
    return _current.get() or CallCost()
