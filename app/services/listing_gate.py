"""Keeps listings and our own edits of an account's mailboxes apart.

A listing that was asked for before a rename and comes back after it would make the rows say the old names again, and
the ids of the renamed mailboxes would be lost.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from app.domain.ids import AccountId


class ListingGate:
    """One account's: `edition` grows when an edit begins and when it ends; `lock` is held while rows are written."""

    __slots__ = ("__weakref__", "edition", "lock")

    def __init__(self) -> None:
        """Begin open."""
        self.edition = 0
        self.lock = asyncio.Lock()

    @asynccontextmanager
    async def editing(self) -> AsyncIterator[None]:
        """Hold back whoever writes rows, and make what was listed before or meanwhile count as old."""
        async with self.lock:
            self.edition += 1
            try:
                yield
            finally:
                self.edition += 1


class ListingGates:
    """The gates of accounts that are being listed or edited; kept by these alone."""

    def __init__(self) -> None:
        """Begin with none."""
        self._gates: WeakValueDictionary[AccountId, ListingGate] = WeakValueDictionary()

    def of(self, account_id: AccountId) -> ListingGate:
        """The account's gate; hold it as long as a listing's answer counts."""
        gate = self._gates.get(account_id)
        if gate is None:
            gate = self._gates[account_id] = ListingGate()
        return gate
