"""How much of a page the caller knows already, guessed before the server is asked."""

from collections.abc import Container
from dataclasses import dataclass

from app.domain.ids import Uid

#: UIDs looked at for each row needed: expunged messages leave gaps.
_GAPS = 4


@dataclass(frozen=True, slots=True)
class Guess:
    """`is_mostly_known`: asking for flags alone will do. `newer_than`: but above this UID something may be new."""

    is_mostly_known: bool
    newer_than: int | None


def guess_known(known: Container[Uid], newest: int, needed: int) -> Guess:
    """Look for `needed` known UIDs from `newest` down. A wrong guess costs bytes or a round trip, never rows."""
    largest = None
    found = 0
    for uid in range(newest, max(0, newest - _GAPS * needed), -1):
        if Uid(uid) in known:
            found += 1
            largest = largest or uid
            if found >= needed:
                break
    if largest is None:
        return Guess(False, None)
    unseen = newest - largest
    is_mostly_known = found >= needed - unseen and unseen <= needed
    return Guess(is_mostly_known, largest if is_mostly_known and unseen else None)
