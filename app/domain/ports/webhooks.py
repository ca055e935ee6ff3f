"""Endpoints, lanes and deliveries at rest."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from app.domain.access import Principal
from app.domain.events import Event
from app.domain.ids import AccountId
from app.domain.lanes import Claim, Delivery, Lane, Parked, Report, Wake
from app.domain.webhooks import (
    DeliveryId,
    DisabledReason,
    Endpoint,
    EndpointHealth,
    EndpointId,
    EndpointKey,
)


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries to list; None does not filter. `is_success` is of the attempt."""

    is_success: bool | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """A range of the log to deliver again: events after `after` up to `until`, of one account if given."""

    slot: str
    after: int
    until: int
    account: AccountId | None = None


class EndpointStore(Protocol):
    """Endpoints at rest, their secrets sealed. Every finder takes the principal; what is out of reach is NotFound."""

    async def add(self, endpoint: Endpoint, keys: Sequence[EndpointKey], most: int) -> Endpoint:
        """Insert; answers it with `since` set to the end of the log. Raises Conflict when its tenant has `most`."""

    async def get(self, principal: Principal, endpoint_id: str) -> Endpoint:
        """Find one. Raises NotFound."""

    async def list(self, principal: Principal, limit: int, after: EndpointId | None) -> tuple[Endpoint, ...]:
        """List by id, those after `after`."""

    async def replace(self, endpoint: Endpoint, *, is_from_now: bool = False) -> Endpoint:
        """Write what a person may change, and the health. `endpoint.revision` is the one read; raises Conflict when it
        is not the stored one any more; the stored one grows by one. With `is_from_now` it is owed nothing of before.
        """

    async def remove(self, endpoint_id: EndpointId) -> None:
        """Erase the endpoint with its secret, lanes and deliveries."""

    async def keys(self, endpoint_id: EndpointId) -> tuple[EndpointKey, ...]:
        """Decrypt the secrets, the newest first. Raises NotFound."""

    async def set_keys(self, endpoint: Endpoint, keys: Sequence[EndpointKey]) -> Endpoint:
        """Write the secrets. Raises Conflict as `replace` does."""


class DeliveryStore(Protocol):
    """The delivery log, and asking for deliveries again. The caller has found the endpoint."""

    async def list(
        self, endpoint_id: EndpointId, where: DeliveryFilter, limit: int, before: tuple[float, DeliveryId] | None
    ) -> tuple[Delivery, ...]:
        """List, newest first, those before (time, id)."""

    async def get(self, endpoint_id: EndpointId, delivery_id: str) -> Delivery:
        """Find one. Raises NotFound."""

    async def add(self, delivery: Delivery) -> None:
        """Keep an attempt that no lane stands behind; one for an endpoint that is gone is dropped."""

    async def retry(self, endpoint_id: EndpointId, delivery: Delivery, now: float) -> None:
        """Give an event a lane of its own, due now. Raises StaleReference when the log has it no more."""

    async def replay(self, endpoint: Endpoint, replay: Replay, now: float) -> int:
        """Make lanes for every account with events in a range; tells how many."""

    async def positions(self, since: float, until: float | None) -> tuple[int, int]:
        """Tell which positions a time lies at: the last one before `since`, and the last one before `until`."""

    async def purge(self, before: float) -> int:
        """Delete deliveries begun before a time, a few at a time; tells how many."""


@dataclass(frozen=True, slots=True)
class RouterState:
    """How far the log was routed, and the number of the last change of an endpoint."""

    position: int
    version: int


class Turn(Protocol):
    """One transaction of a dispatcher: all or nothing."""

    async def endpoints(self, ids: Sequence[EndpointId]) -> dict[EndpointId, Endpoint]:
        """Read endpoints, and hold them until the end of the turn; those gone are left out."""

    async def keys(self, ids: Sequence[EndpointId]) -> dict[EndpointId, tuple[EndpointKey, ...]]:
        """Decrypt the secrets of endpoints."""

    async def record(
        self, reports: Sequence[Report], deliveries: Mapping[int, Sequence[Delivery]], now: float
    ) -> frozenset[int]:
        """Write what became of lanes and, by lane, their attempts; answers the lanes whose fence does not hold."""

    async def park(self, parked: Sequence[Parked]) -> None:
        """Give events lanes of their own."""

    async def set_health(self, endpoint_id: EndpointId, health: EndpointHealth) -> None:
        """Write how deliveries go."""

    async def make_due(self, endpoint_id: EndpointId, now: float) -> None:
        """Make everything due that the endpoint is owed."""

    async def disable(self, endpoint: Endpoint, reason: DisabledReason) -> None:
        """Disable an endpoint, drop what it is owed, and write the event that tells of it."""

    async def route(self, was: RouterState, position: int, wakes: Sequence[Wake], now: float) -> bool:
        """Move on in the log and wake lanes; False, with nothing done, when another dispatcher was faster."""

    async def claim(self, claims: Sequence[Claim], holder: str, now: float, lease_until: float) -> tuple[Lane, ...]:
        """Take lanes that nobody holds."""


class LaneStore(Protocol):
    """What dispatchers share."""

    def turn(self) -> AbstractAsyncContextManager[Turn]:
        """Begin a transaction; it commits at the end of the block."""

    async def state(self) -> RouterState | None:
        """Tell where the router stands; None as long as there never was an endpoint."""

    async def subscriptions(self) -> tuple[Endpoint, ...]:
        """All endpoints that are owed what comes."""

    async def due(self, now: float, looked_before: float) -> tuple[EndpointId, ...]:
        """Endpoints with a lane that may be tried now; of one that is down and was looked at before `looked_before` one
        with a new event.
        """

    async def owed(self, lanes: Sequence[Lane], limit: int) -> dict[int, tuple[Event, ...]]:
        """Read the next events of each lane's account up to its head, in order, at most `limit` each."""

    async def release(self, holder: str) -> None:
        """Give back all lanes a dispatcher holds: it has ended. With an empty holder those of all."""

    async def oldest_owed(self) -> float | None:
        """Tell when the oldest event was written that an enabled endpoint is owed; None when there is none."""

    async def keep_after(self) -> int | None:
        """Tell the position behind which enabled endpoints are still owed events; None when none is owed any."""
