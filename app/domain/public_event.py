"""Events as clients see them, the same in every channel."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.events import Cause, Event, EventData, EventId, EventType
from app.domain.ids import AccountId
from app.domain.positions import LogHead


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """An event. `position` is a token to go on from; `timestamp` is ISO 8601 in UTC. See `app.domain.events.Event`."""

    id: EventId
    type: EventType
    account: AccountId | None
    external_id: str | None
    tenant: str | None
    sequence: int
    position: str
    timestamp: str
    cause: Cause | None
    data: EventData


def public(event: Event, head: LogHead) -> PublicEvent:
    """Show an event of the log that `head` belongs to."""
    return PublicEvent(
        id=event.id,
        type=event.type,
        account=event.account,
        external_id=event.external_id,
        tenant=event.tenant,
        sequence=event.sequence,
        position=head.token_at(event.position),
        timestamp=datetime.fromtimestamp(event.timestamp, UTC).isoformat(timespec="milliseconds"),
        cause=event.cause,
        data=event.data,
    )
