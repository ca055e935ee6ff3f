"""What a maildrop (POP3, RFC 1939) holds, as it is told from session to session.

POP3 has no names for messages that last: the message number ends with its session, and the unique id (UIDL) is
optional, may repeat and may change. So the service gives every message a number of its own when it first sees it,
here a `Uid`, and finds it again by what it knows of it.
"""

from dataclasses import dataclass, field
from typing import Literal

from app.domain.ids import Uid


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message seen before: `uidl` as the server told it last, None where it tells none that could be used.

    `fingerprint` is of the header, "" where it was never read; `size` is octets, as LIST told them.
    """

    uid: Uid
    uidl: str | None
    fingerprint: str
    size: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message not seen before. `header` is its header block, `is_cut` when it was longer than the bound."""

    uidl: str | None
    fingerprint: str
    size: int
    header: bytes = field(repr=False)
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """What a look into the maildrop found.

    `present` are the known messages that are there, with what is to be known of them from now on; `arrivals` the new
    ones, oldest first; `pending` how many others were left for the next look, and until it is 0 a known message that is
    not present may be among them. `identity` tells whether every message has a UIDL of its own. `is_partial`: the
    server is known to hide messages, so that absence means nothing at all.
    """

    present: tuple[KnownMessage, ...]
    arrivals: tuple[Arrival, ...]
    pending: int
    identity: Literal["uidl", "weak"]
    is_partial: bool
