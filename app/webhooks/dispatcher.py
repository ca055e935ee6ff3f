"""The dispatcher: turn after turn, what was delivered is recorded, events are routed to lanes, and lanes are claimed.

A turn is one transaction, never open while HTTP goes on; results that come meanwhile are the next turn's.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence

from app.domain.errors import MailhatchError, StorageUnavailable
from app.domain.events import Event
from app.domain.ids import new_id
from app.domain.ports import EventLog
from app.domain.ports.webhooks import LaneStore, Turn
from app.domain.webhooks import Endpoint, EndpointId
from app.telemetry.metrics import Metrics
from app.webhooks.claiming import NOTHING, Claimed, claim
from app.webhooks.lane_run import LaneRun, Tools
from app.webhooks.limits import (
    ATTEMPTS_AT_ONCE,
    ENDPOINTS_A_TURN,
    FRESH_LOOK_SECONDS,
    LANE_EVENTS,
    LEASE_SECONDS,
    LINGER_SECONDS,
    POLL_SECONDS,
    STORAGE_RETRY_SECONDS,
)
from app.webhooks.recording import Recorded, Told, record
from app.webhooks.routing import Routed, Routing, first_of
from app.webhooks.target import Sleep, Target

_log = logging.getLogger(__name__)


class Dispatcher:
    """Delivers the event log to endpoints. Several may run over one database; each knows its lanes by its name."""

    def __init__(
        self, lanes: LaneStore, log: EventLog, tools: Tools, metrics: Metrics, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        """Take what dispatchers share, the event log, and what sends; `sleep` is how an endpoint's rate is kept."""
        self.name = new_id("dsp")
        self._lanes = lanes
        self._tools = tools
        self._metrics = metrics
        self._sleep = sleep
        self._routing = Routing(lanes, log)
        self._targets: dict[EndpointId, Target] = {}
        self._ready: set[EndpointId] = set()
        self._runs: dict[int, LaneRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._lingering: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None
        self._is_stopping = False

    def __repr__(self) -> str:
        """Tell what is under way."""
        return f"Dispatcher({self.name!r}, lanes={len(self._runs)}, ready={len(self._ready)})"

    def wake(self) -> None:
        """Look soon: events were written, or an endpoint changed. Cheap, and any number of times."""
        self._wake.set()

    def start(self) -> None:
        """Begin to deliver."""
        self._running = asyncio.create_task(self._run(), name="webhooks")

    async def _run(self) -> None:
        polled_at = float("-inf")
        while not self._is_stopping:
            self._wake.clear()
            try:
                if self._tools.clock.monotonic() - polled_at >= POLL_SECONDS:
                    await self.poll()
                    polled_at = self._tools.clock.monotonic()
                await self.turn()
            except StorageUnavailable:
                _log.warning("webhooks wait for the database")
                await asyncio.sleep(STORAGE_RETRY_SECONDS)
            except Exception:  # noqa: BLE001 - one bad row must not end all deliveries
                _log.exception("a turn of the webhooks failed; the next one tries again")
                await asyncio.sleep(STORAGE_RETRY_SECONDS)
            await self._until_woken()

    async def close(self, grace: float) -> None:
        """Claim nothing more, give attempts under way `grace` seconds to end, and record what became of them."""
        self._is_stopping = True
        self.wake()
        if self._running is not None:
            await self._running
        if self._lingering is not None:
            self._lingering.cancel()
        for run in self._runs.values():
            run.end_soon()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.turn()
            await self._lanes.release(self.name)
        except MailhatchError:
            _log.warning("webhooks could not be recorded at the end; they will be sent again")

    async def poll(self) -> None:
        """Find what is due without having been told."""
        now = self._tools.clock.now()
        self._ready.update(await self._lanes.due(now, now - FRESH_LOOK_SECONDS))

    async def turn(self) -> None:
        """Record, route, claim: one transaction, begun only when there is something to do.

        Raises StorageUnavailable; then nothing was done, and what there is to record waits for the next turn.
        """
        routed = None if self._is_stopping else await self._routing.look()
        now, steady = self._tools.clock.now(), self._tools.clock.monotonic()
        news = [run for run in self._runs.values() if run.has_news or run.needs_renewal(steady)]
        ready = set() if self._is_stopping else self._ready
        if routed is None and not news and not ready:
            return
        told = [Told(run, *run.report(now)) for run in news]
        try:
            async with self._lanes.turn() as turn:
                recorded, claimed = await self._within(turn, told, routed, ready, now)
        except BaseException:
            for one in told:
                one.run.give_back(one.gathered)
            raise
        self._settle(told, recorded, steady + LEASE_SECONDS)
        await self._start(claimed, routed, steady + LEASE_SECONDS)
        if routed is not None and routed.is_more:
            self.wake()

    async def _within(
        self, turn: Turn, told: Sequence[Told], routed: Routed | None, ready: Iterable[EndpointId], now: float
    ) -> tuple[Recorded, Claimed]:
        first = {one.run.lane.key.endpoint for one in told if not one.report.is_kept}  # their lanes may be owed more
        if routed is not None:
            first.update(wake.key.endpoint for wake in routed.wakes)
        wanted = [*first, *(one for one in ready if one not in first)][:ENDPOINTS_A_TURN]
        reported = {one.run.lane.key.endpoint for one in told}
        endpoints = await turn.endpoints(tuple(reported.union(wanted)))
        for gone in set(wanted).difference(endpoints):
            self._targets.pop(gone, None)
        recorded = await record(turn, told, endpoints, now, self._tools)
        if routed is not None and not await turn.route(routed.was, routed.position, routed.wakes, now):
            self.wake()  # another dispatcher was faster, or an endpoint changed
        if self._is_stopping:
            return recorded, NOTHING
        chosen = [recorded.endpoints[name] for name in wanted if name in recorded.endpoints]
        await self._renew(turn, recorded.endpoints.values())
        room = ATTEMPTS_AT_ONCE - len(self._runs)
        claimed = await claim(turn, chosen, self._targets, room, self.name, now)
        waiting = self._ready.union(first).difference(wanted)
        if waiting:
            self.wake()  # more endpoints than one turn takes
        self._ready = waiting | claimed.unfinished
        return recorded, claimed

    async def _renew(self, turn: Turn, endpoints: Iterable[Endpoint]) -> None:
        """Bring targets up to date; secrets are read again only when the endpoint's revision is another."""
        changed = []
        for endpoint in endpoints:
            target = self._targets.get(endpoint.id)
            if target is None or target.endpoint.revision != endpoint.revision:
                changed.append(endpoint)
            else:
                target.renew(endpoint, None)
        if not changed:
            return
        keys = await turn.keys([endpoint.id for endpoint in changed])
        for endpoint in changed:
            target = self._targets.get(endpoint.id)
            if target is None:
                self._targets[endpoint.id] = Target(endpoint, keys.get(endpoint.id, ()), self._tools.clock, self._sleep)
            else:
                target.renew(endpoint, keys.get(endpoint.id, ()))

    def _settle(self, told: Sequence[Told], recorded: Recorded, lease_ends: float) -> None:
        for one in told:
            is_lost = one.report.row in recorded.lost
            if not is_lost:
                one.run.renewed(lease_ends)
                for delivery in one.gathered.deliveries:
                    self._metrics.count_delivery(delivery.answer)
            if is_lost or not one.report.is_kept:
                one.run.is_lost = True
                self._runs.pop(one.report.row, None)
                one.run.target.lanes -= 1

    async def _start(self, claimed: Claimed, routed: Routed | None, lease_ends: float) -> None:
        """Begin to send: what was just routed is at hand, the rest is read from the log."""
        if not claimed.lanes:
            return
        events = {lane.row: routed.owed(lane) if routed is not None else None for lane in claimed.lanes}
        missing = [lane for lane in claimed.lanes if events[lane.row] is None]
        epoch = await self._routing.known_epoch()
        read = await self._lanes.owed(missing, LANE_EVENTS) if missing else {}
        for lane in claimed.lanes:
            target = self._targets[lane.key.endpoint]
            is_look = lane.key.endpoint in claimed.looks
            run = self._runs[lane.row] = LaneRun(lane, target, epoch, self._tools, lease_ends, is_look=is_look)
            target.lanes += 1
            own: tuple[Event, ...] = events[lane.row] or read.get(lane.row, ())
            task = asyncio.create_task(self._send(run, *first_of(own, LANE_EVENTS, lane.head)), name="webhook-lane")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, run: LaneRun, events: Sequence[Event], reached: int) -> None:
        try:
            await run.send(events, reached, self._linger)
        except Exception:  # noqa: BLE001 - told in the log, and the lane goes on
            _log.exception("a lane of a webhook failed; it is tried again")
            run.fail(self._tools.clock.now() + STORAGE_RETRY_SECONDS)
        finally:
            run.is_done = True
            if run.lane.key.endpoint in self._ready or run.is_unfinished:
                self.wake()
            else:
                self._linger()

    def _linger(self) -> None:
        """See that results are recorded soon, together with others'."""
        if not self._wake.is_set() and self._lingering is None:
            self._lingering = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._end_linger)

    def _end_linger(self) -> None:
        self._lingering = None
        self.wake()

    async def _until_woken(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            pass
