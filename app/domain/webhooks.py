"""Webhooks: endpoints, what they are owed, and what became of each attempt."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NewType

from app.domain.access import Principal
from app.domain.ids import AccountId

EndpointId = NewType("EndpointId", str)
DeliveryId = NewType("DeliveryId", str)

Payload = Literal["thin", "summary"]
Ordering = Literal["account", "none"]


class EndpointState(StrEnum):
    """`enabled` is delivered to; `paused` by a person, and owed what comes; `disabled` by failure, and owed nothing."""

    ENABLED = "enabled"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What an endpoint wants; None is all. `mailboxes` are ids or roles, and let events of no mailbox pass."""

    accounts: tuple[AccountId, ...] | None = None
    tenant: str | None = None
    mailboxes: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None

    def lies_within(self, principal: Principal) -> bool:
        """Whether all it can let pass is within the principal's reach: only then the endpoint is."""
        if principal.tenant is not None and self.tenant != principal.tenant:
            return False
        return principal.accounts is None or (
            self.accounts is not None and principal.accounts.issuperset(self.accounts)
        )


@dataclass(frozen=True, slots=True)
class DisabledReason:
    """Why an endpoint was disabled: `code` is `gone` (it answered 410) or `failing`; `at` is Unix seconds."""

    code: Literal["gone", "failing"]
    detail: str
    at: float


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """How deliveries to an endpoint go. All is empty while the last attempt succeeded; times are Unix seconds.

    `failures` counts attempts in a row. `suspect` is the account whose event failed first: as long as only its events
    fail, the others go on. `is_down` says that the endpoint fails as a whole: then one lane looks whether it works
    again, at `look_at`, and `looks` counts these. `is_reached` says that the last failure was an answer.
    """

    failing_since: float | None = None
    failures: int = 0
    suspect: str | None = None
    is_down: bool = False
    looks: int = 0
    is_reached: bool = False
    look_at: float | None = None
    looked_at: float | None = None


HEALTHY = EndpointHealth()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook subscription, without its secret. Times are Unix seconds.

    `hold_for` is how many seconds an event that fails may hold up the later ones of its account; `ordering` "none" lets
    them pass at once and side by side. `concurrency` and `rate` (deliveries a second, None without bound) are limits of
    the receiver. `since` is the position after which events are for it.
    """

    id: EndpointId
    url: str
    description: str | None
    wants: EventFilter
    payload: Payload
    ordering: Ordering
    hold_for: float
    concurrency: int
    rate: float | None
    state: EndpointState
    reason: DisabledReason | None
    health: EndpointHealth
    since: int
    created_at: float
    updated_at: float
    revision: int


@dataclass(frozen=True, slots=True)
class EndpointKey:
    """A secret that signs until `expires_at` (Unix seconds; None for the current one)."""

    secret: str = field(repr=False)
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one POST. `status` is None when there was no answer; then `error` says why, or who `blocked` it.

    `seconds` is from the start to the end of the attempt, `body` the first 2 kB of what was answered.
    """

    status: int | None
    seconds: float
    error: str | None = None
    blocked_by: str | None = None
    body: str = ""
    retry_after: float | None = None

    @property
    def is_success(self) -> bool:
        """2xx alone (Standard Webhooks); a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300
