"""Conversations found by what messages say of each other: Message-ID, In-Reply-To and References (RFC 5322 3.6.4)."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.ids import Uid

#: Ids one message may name: a References of 8 kB has about two hundred, and the last are those that matter.
_MAX_LINKS = 100


@dataclass(frozen=True, slots=True)
class LinkedMessage:
    """A message and the Message-IDs it names, its own among them, without angle brackets."""

    uid: Uid
    message_id: str | None
    links: tuple[str, ...]


def group(messages: Iterable[LinkedMessage]) -> list[tuple[Uid, ...]]:
    """Put messages together that name each other, directly or over others, present or not; each ascending by UID.

    Subjects are not looked at: two mails called `Hello` are no conversation.
    """
    groups = _Groups()
    uids: list[Uid] = []
    for message in messages:
        uids.append(message.uid)
        names = (message.message_id, *message.links[-_MAX_LINKS:])
        for name in names:
            if name:
                groups.join(message.uid, name)
    found: dict[int | str, list[Uid]] = {}
    for uid in sorted(uids):
        found.setdefault(groups.root(uid), []).append(uid)
    return [tuple(one) for one in found.values()]


class _Groups:
    """Disjoint sets of UIDs and Message-IDs; paths are halved on the way, so that none grows long."""

    def __init__(self) -> None:
        self._above: dict[int | str, int | str] = {}

    def root(self, one: int | str) -> int | str:
        above = self._above
        while (parent := above.setdefault(one, one)) != one:
            above[one] = one = above[parent]
        return one

    def join(self, one: int | str, other: int | str) -> None:
        self._above[self.root(other)] = self.root(one)
