"""Structures of messages opened before: reading a body, its parts and inline images needs the same one many times."""

from collections import OrderedDict
from collections.abc import Iterator

from app.domain.ids import AccountId
from app.domain.message import MessageFacts
from app.domain.query import MessageAddress
from app.gateway.limits import STRUCTURE_BYTES, STRUCTURE_CACHE_BYTES
from app.gateway.size import size_of_message

_OVERHEAD = 600  # the address, the key and the places in two tables


class StructureCache:
    """Least recently used go first. The flags in here are those of the day the message was first opened.

    One per process, used on the event loop. `hits` and `misses` count messages, `size` is bytes, estimated.
    """

    def __init__(self, budget: int = STRUCTURE_CACHE_BYTES, largest: int = STRUCTURE_BYTES) -> None:
        """Take the budget, and the size of the largest message worth keeping, in bytes."""
        self._budget = budget
        self._largest = largest
        self._kept: OrderedDict[tuple[AccountId, MessageAddress], tuple[MessageFacts, int]] = OrderedDict()
        self.size = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Tell how many are kept."""
        return len(self._kept)

    def get(self, account_id: AccountId, address: MessageAddress) -> MessageFacts | None:
        """Find one, and note that it was used."""
        found = self._kept.get((account_id, address))
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end((account_id, address))
        return found[0]

    def put(self, account_id: AccountId, address: MessageAddress, facts: MessageFacts) -> None:
        """Keep one, unless it is too large."""
        cost = size_of_message(facts) + _OVERHEAD
        if cost > self._largest:
            return
        self.drop(account_id, address)
        self._kept[account_id, address] = (facts, cost)
        self.size += cost
        while self.size > self._budget:
            self.drop(*next(iter(self._kept)))

    def drop(self, account_id: AccountId, address: MessageAddress) -> None:
        """Drop one, if it is there: the message is gone."""
        found = self._kept.pop((account_id, address), None)
        if found is not None:
            self.size -= found[1]

    def forget(self, account_id: AccountId) -> None:
        """Drop all of an account."""
        for address in tuple(self._of(account_id)):
            self.drop(account_id, address)

    def forget_within(self, account_id: AccountId, mailbox: str) -> None:
        """Drop all of a mailbox, and of those whose name begins alike, which may lie in it."""
        for address in [one for one in self._of(account_id) if one.mailbox.startswith(mailbox)]:
            self.drop(account_id, address)

    def _of(self, account_id: AccountId) -> Iterator[MessageAddress]:
        return (address for owner, address in self._kept if owner == account_id)
