"""From the log to lanes: which lanes the next events are for."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.events import Event
from app.domain.lanes import Lane, Wake
from app.domain.ports import EventLog
from app.domain.ports.webhooks import LaneStore, RouterState
from app.webhooks.limits import ROUTE_EVENTS
from app.webhooks.matching import Subscriptions


@dataclass(frozen=True, slots=True)
class Routed:
    """The events behind `was` up to `position`, and the lanes they are for."""

    was: RouterState
    position: int
    events: tuple[Event, ...]
    wakes: tuple[Wake, ...]
    is_more: bool

    def owed(self, lane: Lane) -> tuple[Event, ...] | None:
        """Return all that a lane is owed, or None when some of it is not among these events."""
        if lane.cursor < self.was.position or lane.head > self.position:
            return None
        account = lane.key.account or None
        return tuple(one for one in self.events if one.account == account and lane.cursor < one.position <= lane.head)


class Routing:
    """Reads the log behind the last routed position, with the endpoints of that moment."""

    def __init__(self, lanes: LaneStore, log: EventLog) -> None:
        """Take where the position is kept, and the log."""
        self.epoch = 0
        self._lanes = lanes
        self._log = log
        self._version: int | None = None
        self._subscriptions = Subscriptions(())

    async def look(self) -> Routed | None:
        """Find out what is to be routed; None when nothing is."""
        state = await self._lanes.state()
        if state is None:
            return None
        if state.version != self._version:
            self._subscriptions = Subscriptions(await self._lanes.subscriptions())
            self._version = state.version
        if not self._subscriptions:
            return None
        page = await self._log.tail(state.position, ROUTE_EVENTS)
        self.epoch = page.head.epoch
        if page.reached <= state.position:
            return None
        wakes = self._subscriptions.wakes(page.events)
        return Routed(state, page.reached, page.events, wakes, len(page.events) == ROUTE_EVENTS)

    async def known_epoch(self) -> int:
        """Tell the log's identity."""
        if not self.epoch:
            self.epoch = (await self._log.head()).epoch
        return self.epoch


def first_of(events: Sequence[Event], most: int, head: int) -> tuple[tuple[Event, ...], int]:
    """Cut a lane's events to `most`; tells the position that they lead to: the head, unless there are more."""
    if len(events) < most:
        return tuple(events), head
    chosen = tuple(events[:most])
    return chosen, chosen[-1].position
