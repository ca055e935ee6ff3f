"""Where messages went that were moved through us, so that an old id can tell its new one."""

import logging
from collections.abc import Mapping, Sequence

from app.domain.edits import MovedMessage
from app.domain.errors import StaleReference, StorageUnavailable
from app.domain.ids import AccountId, MessageKey, message_id
from app.domain.ports import Clock, MovedMessageStore

_log = logging.getLogger(__name__)


class MovedMessages:
    """Old ids and new ones, of accounts that the caller was found to reach.

    Without the database nothing is known, and nothing else fails: the messages have been moved all the same.
    """

    def __init__(self, store: MovedMessageStore, clock: Clock) -> None:
        """Take where they are kept, and the time."""
        self._store = store
        self._clock = clock

    async def record(self, account_id: AccountId, moved: Sequence[MovedMessage]) -> None:
        """Remember."""
        if not moved:
            return
        try:
            await self._store.record(account_id, moved, self._clock.now())
        except StorageUnavailable:
            _log.warning("the new ids of moved messages were not kept", extra={"account": account_id})

    async def known(self, account_id: AccountId, keys: Sequence[MessageKey]) -> Mapping[MessageKey, MessageKey]:
        """Return the new keys of those that are known to have been moved."""
        if not keys:
            return {}
        try:
            return await self._store.find(account_id, keys, self._clock.now())
        except StorageUnavailable:
            return {}

    async def stale(self, account_id: AccountId, key: MessageKey, error: StaleReference) -> StaleReference:
        """Return the error for a message that is not there any more, with `moved_to` where that is known."""
        found = await self.known(account_id, (key,))
        return stale(error, found.get(key))


def stale(error: StaleReference, new: MessageKey | None) -> StaleReference:
    """Return the error for a message that is not there any more; `new` is what it is now."""
    if new is None:
        return error
    return StaleReference("The message was moved; it has another id now.", moved_to=message_id(new))
