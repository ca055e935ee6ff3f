"""Finding out that a connection is alive before something is done on it that must not be done twice."""

from collections.abc import Callable
from typing import TypeVar

from app.domain.errors import UpstreamTimeout, UpstreamUnavailable
from app.domain.ports import Clock, Session
from app.pool.limits import ASK_AFTER, PING_TIME

T = TypeVar("T")

Operation = Callable[[Session, float], T]


class NothingDone(UpstreamUnavailable):
    """The connection turned out to be dead before the operation began."""


def proved(operation: Operation[T], idle: float, clock: Clock) -> Operation[T]:
    """The operation, on a connection that had been idle for that many seconds: first it is looked at, which shows most
    that died at no cost, and after a longer rest it is asked (a round trip). Raises NothingDone when it is dead.
    """

    def work(session: Session, deadline: float) -> T:
        try:
            if session.has_hung_up():
                raise NothingDone("The mail server hung up.")
            if idle > ASK_AFTER:
                session.ping(min(deadline, clock.monotonic() + PING_TIME))
        except (UpstreamUnavailable, UpstreamTimeout) as error:
            raise NothingDone(error.detail, retry_after=error.retry_after) from None
        return operation(session, deadline)

    return work
