"""Lanes: what an endpoint is owed of an account, as cursors into the event log.

An endpoint has one `live` lane for each account. What must not hold it up has a lane of its own, which ends with its
last event: `event:…` for one event that is retried by itself, `replay:…` for a range asked for again.
"""

from dataclasses import dataclass
from typing import Literal

from app.domain.ids import AccountId
from app.domain.webhooks import Answer, DeliveryId, EndpointId

LIVE = "live"

#: Why a delivery was made; `test` has no lane.
DeliveryKind = Literal["live", "retry", "replay", "test"]


@dataclass(frozen=True, slots=True)
class LaneKey:
    """Which lane: `account` is empty for events of no account."""

    endpoint: EndpointId
    account: AccountId | Literal[""]
    slot: str = LIVE


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane as it was claimed. It is owed the events of its account after `cursor` up to `head`, which it may filter.

    `attempt` counts how often the next event was tried, since `first_failed_at` (Unix seconds). A claim holds while the
    stored fence is `fence`.
    """

    row: int
    key: LaneKey
    cursor: int
    head: int
    attempt: int
    first_failed_at: float | None
    fence: int

    @property
    def kind(self) -> DeliveryKind:
        """What its deliveries are called in the log."""
        if self.key.slot == LIVE:
            return "live"
        return "replay" if self.key.slot.startswith("replay:") else "retry"


@dataclass(frozen=True, slots=True)
class Wake:
    """Events for a lane were written: the first of them and the last, as positions."""

    key: LaneKey
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt, as the delivery log keeps it. `at` is when it began, `next_attempt_at` when the next one is due."""

    id: DeliveryId
    endpoint: EndpointId
    event_id: str
    event_type: str
    account: AccountId | None
    position: int | None
    kind: DeliveryKind
    attempt: int
    at: float
    answer: Answer
    next_attempt_at: float | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that gets a lane of its own: it has failed for long enough, or was asked for again."""

    key: LaneKey
    position: int
    attempt: int
    first_failed_at: float | None
    due_at: float


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a claimed lane so far, to be recorded if its fence still holds.

    The lane goes on behind `cursor`. With `due_at` it is tried again then; without, at once if more is owed. While it
    is kept (`is_kept`) its claim lasts until `lease_until`.
    """

    row: int
    fence: int
    cursor: int
    attempt: int
    first_failed_at: float | None
    due_at: float | None
    is_kept: bool
    lease_until: float | None


@dataclass(frozen=True, slots=True)
class Claim:
    """How many lanes of an endpoint to take, those due now; to look whether it works again, any owed lane will do."""

    endpoint: EndpointId
    lanes: int
    is_look: bool = False
    is_new_only: bool = False
