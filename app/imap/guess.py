"""How much of a page the caller knows already, guessed before the server is asked."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from app.domain.ids import Uid

#: UIDs looked at under the newest possible one: expunged messages leave gaps.
_GAPS = 500


@dataclass(frozen=True, slots=True)
class Guess:
    """`is_mostly_known`: asking for flags alone will do. `newer_than`: but above this UID something may be new.

    A wrong guess costs bytes or a round trip, never rows.
    """

    is_mostly_known: bool
    newer_than: int | None = None


def guess_from_page(known: Container[Uid], seen: Sequence[Uid], needed: int) -> Guess:
    """Guess from the UIDs a page had when it was last seen."""
    found = sum([uid in known for uid in seen[:needed]])
    return Guess(2 * found >= needed)


def guess_from_top(known: Container[Uid], newest: int, needed: int) -> Guess:
    """Look for `needed` known UIDs from `newest` down."""
    largest = None
    found = 0
    for uid in range(newest, max(0, newest - _GAPS), -1):
        if Uid(uid) in known:
            found += 1
            largest = largest or uid
            if found >= needed:
                break
    if largest is None:
        return Guess(False)
    unseen = newest - largest
    is_mostly_known = found >= needed - unseen and unseen <= needed
    return Guess(is_mostly_known or found >= needed, largest if is_mostly_known and unseen else None)
