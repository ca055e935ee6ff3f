"""One claimed lane: its events are sent in order, and what becomes of them is gathered to be recorded."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.domain.events import Event
from app.domain.ids import new_id
from app.domain.lanes import Delivery, Lane, LaneKey, Parked, Report
from app.domain.ports import Clock
from app.domain.webhooks import Answer, DeliveryId
from app.webhooks.endpoint_health import is_about_endpoint
from app.webhooks.limits import LEASE_SECONDS
from app.webhooks.matching import is_wanted
from app.webhooks.payload import body_of
from app.webhooks.schedule import Chance, Schedule, held_until
from app.webhooks.signature import headers
from app.webhooks.target import Target


class Poster(Protocol):
    """Makes one attempt; `app.webhooks.sender.Sender` is one."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST, and tell what became of it; never raises for what a receiver does."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every run works with."""

    poster: Poster
    clock: Clock
    schedule: Schedule
    chance: Chance


@dataclass(slots=True)
class Gathered:
    """What a run has to tell since it was last asked: attempts in their order, and events that left the lane."""

    deliveries: list[Delivery] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)


class LaneRun:
    """Sends the events of a claimed lane until one fails, the batch ends, or the claim is lost."""

    def __init__(
        self, lane: Lane, target: Target, epoch: int, tools: Tools, lease_ends: float, *, is_look: bool
    ) -> None:
        """Take the claim, which ends at `lease_ends` (monotonic), and whether it is made to see if failure is over."""
        self.lane = lane
        self.target = target
        self.is_look = is_look
        self.is_done = False
        self.is_lost = False
        self._is_ending = False
        self._on_news: Callable[[], None] = _nothing
        self._epoch = epoch
        self._tools = tools
        self._lease_ends = lease_ends
        self._cursor = lane.cursor
        self._attempt = lane.attempt
        self._first_failed_at = lane.first_failed_at
        self._due_at: float | None = None
        self._gathered = Gathered()

    def renewed(self, lease_ends: float) -> None:
        """The claim was recorded to last until then (monotonic)."""
        self._lease_ends = lease_ends

    @property
    def is_unfinished(self) -> bool:
        """Whether the lane is owed more and may go on at once."""
        return self._due_at is None and self._cursor < self.lane.head

    @property
    def has_news(self) -> bool:
        """Whether there is something to record."""
        return self.is_done or bool(self._gathered.deliveries)

    def needs_renewal(self, now: float) -> bool:
        """Whether half of the lease (monotonic) is over."""
        return self._lease_ends - now < LEASE_SECONDS / 2

    def report(self, now: float) -> tuple[Report, Gathered]:
        """Take what there is to record; after it was recorded, or was not, it does not come again."""
        gathered, self._gathered = self._gathered, Gathered()
        report = Report(
            row=self.lane.row,
            fence=self.lane.fence,
            cursor=self._cursor,
            attempt=self._attempt,
            first_failed_at=self._first_failed_at,
            due_at=self._due_at,
            is_kept=not self.is_done,
            lease_until=None if self.is_done else now + LEASE_SECONDS,
        )
        return report, gathered

    def give_back(self, gathered: Gathered) -> None:
        """Take back what could not be recorded, before what came since."""
        newer, self._gathered = self._gathered, gathered
        gathered.deliveries += newer.deliveries
        gathered.parked += newer.parked

    def end_soon(self) -> None:
        """Stop behind the attempt that is under way: the service goes down."""
        self._is_ending = True

    def fail(self, at: float) -> None:
        """Try again at `at`: something of ours went wrong."""
        self._due_at = at

    async def send(self, events: Sequence[Event], reached: int, on_news: Callable[[], None]) -> None:
        """Send the events of the lane's account that the endpoint wants; they are all there are up to `reached`.

        `on_news` is called after each attempt: there is something to record.
        """
        self._on_news = on_news
        if self.target.endpoint.ordering == "none" and self.lane.kind != "retry":
            if self.is_look and events:  # one is enough to find out
                events, reached = events[:1], events[0].position
            if await self._side_by_side(events):
                self._cursor = reached
            return
        for event in events:
            if self._must_stop():
                return
            if self._is_wanted(event) and not self._settle(event, await self._post(event)):
                return
            self._cursor = event.position
        self._cursor = reached

    def _is_wanted(self, event: Event) -> bool:
        """One that is retried was wanted before, or asked for by a person."""
        return self.lane.kind == "retry" or is_wanted(event, self.target.endpoint.wants)

    def _must_stop(self) -> bool:
        """Whether somebody else may hold the lane by now: by our own clock, whatever the database would say."""
        self.is_lost = self.is_lost or self._tools.clock.monotonic() >= self._lease_ends
        return self.is_lost or self._is_ending

    async def _side_by_side(self, events: Sequence[Event]) -> bool:
        """Send all; tells whether all were tried: if not, the lane stays, and those tried are sent again."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._post_alone(event)) for event in events if self._is_wanted(event)]
        return all(task.result() for task in tasks)

    async def _post_alone(self, event: Event) -> bool:
        if self._must_stop():
            return False
        began, answer = await self._post(event)
        due_at = None
        if not answer.is_success:
            due_at = self._next_attempt(began, 1, answer)
            self._park(event, 1, began, due_at)
        self._log(event, 1, began, answer, due_at)
        return True

    async def _post(self, event: Event) -> tuple[float, Answer]:
        target = self.target
        body = body_of(event, self._epoch)
        async with target.slot():
            began = self._tools.clock.now()
            signed = headers(target.signing_keys(), event.id, int(began), body)
            return began, await self._tools.poster.send(target.endpoint.url, signed, body)

    def _settle(self, event: Event, posted: tuple[float, Answer]) -> bool:
        """Decide what follows an attempt; tells whether the lane goes on behind the event."""
        began, answer = posted
        attempt = self._attempt + 1
        if answer.is_success:
            self._forget_failure()
            self._log(event, attempt, began, answer, None)
            return True
        now, first = self._tools.clock.now(), self._first_failed_at or began
        due_at = self._next_attempt(now, attempt, answer)
        if self.lane.kind == "retry":
            if self._tools.schedule.is_over(now, first):
                self._forget_failure()
                self._log(event, attempt, began, answer, None)
                return True  # given up: the lane ends here, the log keeps it
        elif not is_about_endpoint(answer):
            held = held_until(first, self.target.endpoint.hold_for)
            if now >= held:
                self._park(event, attempt, first, due_at)
                self._forget_failure()
                self._log(event, attempt, began, answer, due_at)
                return True
            due_at = min(due_at, held)
        self._attempt, self._first_failed_at, self._due_at = attempt, first, due_at
        self._log(event, attempt, began, answer, due_at)
        return False

    def _next_attempt(self, now: float, attempt: int, answer: Answer) -> float:
        return self._tools.schedule.next_attempt(now, attempt, self._tools.chance, answer.retry_after)

    def _forget_failure(self) -> None:
        self._attempt, self._first_failed_at, self._due_at = 0, None, None

    def _park(self, event: Event, attempt: int, first_failed_at: float, due_at: float) -> None:
        key = LaneKey(self.lane.key.endpoint, self.lane.key.account, f"event:{event.position}")
        self._gathered.parked.append(Parked(key, event.position, attempt, first_failed_at, due_at))

    def _log(self, event: Event, attempt: int, began: float, answer: Answer, due_at: float | None) -> None:
        self._gathered.deliveries.append(
            Delivery(
                id=DeliveryId(new_id("dlv")),
                endpoint=self.lane.key.endpoint,
                event_id=event.id,
                event_type=event.type.value,
                account=event.account,
                position=event.position,
                kind=self.lane.kind,
                attempt=attempt,
                at=began,
                answer=answer,
                next_attempt_at=due_at,
            )
        )
        self._on_news()


def _nothing() -> None:
    """Nobody has to be told yet."""
