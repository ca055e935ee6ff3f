"""What the differ finds in one mailbox, in the words of the mail server: UIDs, and flags as `app.domain.flags` has."""

from dataclasses import dataclass

from app.domain.ids import Uid

Flags = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Created:
    """A message that was not there before."""

    uid: Uid
    flags: Flags


@dataclass(frozen=True, slots=True)
class Updated:
    """Other flags than before."""

    uid: Uid
    before: Flags
    after: Flags


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message that is gone; `flags` are those it was last seen with."""

    uid: Uid
    flags: Flags


Change = Created | Updated | Deleted
