"""Events as columns, and back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Row

from app.domain.events import DATA, Cause, Event, EventData, EventId, EventType, NewEvent
from app.domain.ids import AccountId, new_id

_encode: Callable[[EventData], bytes] = msgspec.json.Encoder().encode
_decoders = {kind.value: msgspec.json.Decoder(shape) for kind, shape in DATA.items()}


@dataclass(frozen=True, slots=True)
class Counted:
    """Whose events come next, and the sequence number before them."""

    account_id: AccountId | None
    external_id: str | None
    tenant: str | None
    sequence: int


def number_events(new: Sequence[NewEvent], counted: Counted, position: int, now: float) -> tuple[Event, ...]:
    """Give events their ids, and the numbers that follow those before."""
    return tuple(
        Event(
            id=EventId(new_id("evt")),
            type=event.type,
            account=counted.account_id,
            external_id=counted.external_id,
            tenant=counted.tenant,
            sequence=counted.sequence + number,
            position=position + number,
            timestamp=now,
            cause=event.cause,
            data=event.data,
        )
        for number, event in enumerate(new, 1)
    )


def event_values(event: Event) -> dict[str, Any]:
    """Spell an event as its columns."""
    return {
        "position": event.position,
        "id": event.id,
        "type": event.type.value,
        "account_id": event.account,
        "external_id": event.external_id,
        "tenant": event.tenant,
        "sequence": event.sequence,
        "timestamp": event.timestamp,
        "mutation_id": None if event.cause is None else event.cause.client_mutation_id,
        "data": _encode(event.data),
    }


def event_from(row: Row[Any]) -> Event:
    """Read an event from its columns."""
    return Event(
        id=EventId(row.id),
        type=EventType(row.type),
        account=None if row.account_id is None else AccountId(row.account_id),
        external_id=row.external_id,
        tenant=row.tenant,
        sequence=row.sequence,
        position=row.position,
        timestamp=row.timestamp,
        cause=None if row.mutation_id is None else Cause(row.mutation_id),
        data=_decoders[row.type].decode(row.data),
    )
