"""What a maildrop (POP3, RFC 1939) holds, as it is told from session to session.

POP3 has no names for messages that last: the message number ends with its session, and the unique id (UIDL) is
optional, may repeat and may change. So the service gives every message a number of its own when it first sees it,
here a `Uid`, and finds it again by what it knows of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.domain.ids import Uid
from app.domain.message import SummaryFacts

Identity = Literal["uidl", "weak"]


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
class HeaderBlock:
    """The header of a message as it came; `is_cut` when it was longer than the bound."""

    data: bytes = field(repr=False)
    fingerprint: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message not seen before; `header` is None where it was left for a later look."""

    uidl: str | None
    size: int
    header: HeaderBlock | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a look into the maildrop found.

    `present` are the known messages that are there, with what is to be known of them from now on, and `headers` those
    of them that were read now; `arrivals` are the new ones, oldest first. `unread` messages are there whose header is
    still to be read; `unsure` are there of which nobody can tell yet whether they are known: until it is 0, a known
    message that is not present may be among them. `identity` tells whether every message has a UIDL of its own.
    `is_partial`: the server is known to hide messages, so that absence means nothing at all.
    """

    present: tuple[KnownMessage, ...]
    headers: Mapping[Uid, HeaderBlock]
    arrivals: tuple[Arrival, ...]
    unread: int
    unsure: int
    identity: Identity
    is_partial: bool


@dataclass(frozen=True, slots=True)
class MaildropHeader:
    """What is known of a whole maildrop. Times are Unix seconds.

    `uidvalidity` was drawn when the maildrop was first seen, and ids hold it; `next_uid` is the number the next new
    message gets; `revision` grows with every look. Of `unread` messages the header is still to be read.
    """

    uidvalidity: int
    next_uid: int
    revision: int
    identity: Identity
    looked_at: float
    unread: int


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the database has it: `missed` looks in a row have not found it; `is_gone` marks a tombstone."""

    known: KnownMessage
    missed: int
    is_gone: bool


@dataclass(frozen=True, slots=True)
class MaildropRow:
    """A message for a list: the flags the service keeps, its size in octets, and its facts, None while its header has
    not been read.
    """

    uid: Uid
    flags: tuple[str, ...]
    size: int
    facts: SummaryFacts | None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that a look found for the first time."""

    known: KnownMessage
    facts: SummaryFacts | None


@dataclass(frozen=True, slots=True)
class Look:
    """What one look changes, to be written in one transaction.

    `known` are messages of which something else is known now, those that were gone and came back (`returned`) included;
    `read` are the facts of messages whose header was read now; `missed` were not found and are not called gone yet;
    `gone` are.
    """

    identity: Identity
    looked_at: float
    unread: int
    known: tuple[KnownMessage, ...]
    returned: tuple[Uid, ...]
    read: tuple[SummaryFacts, ...]
    new: tuple[NewMessage, ...]
    missed: tuple[Uid, ...]
    gone: tuple[Uid, ...]
