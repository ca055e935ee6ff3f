"""Downloaded messages of maildrops, kept for a while."""

from dataclasses import dataclass
from typing import Protocol

from app.domain.ids import AccountId, Uid


@dataclass(frozen=True, slots=True)
class BodyKey:
    """Which message: an account's maildrop as first seen under `uidvalidity`, and the number of the message in it."""

    account_id: AccountId
    uidvalidity: int
    uid: Uid


class BodyWriter(Protocol):
    """Takes a message while it comes. One of `keep` and `discard` ends it."""

    def write(self, data: bytes) -> None:
        """Take the next bytes."""

    def keep(self) -> None:
        """Make the message readable under its key, in place of an older one; others may have to go for it."""

    def discard(self) -> None:
        """Forget what came."""


class BodyCache(Protocol):
    """Bounded in bytes; what was used longest ago goes first. Blocking, safe from any thread.

    What cannot be read any more (evicted, another key, a damaged file) is simply not there: it can be downloaded again.
    """

    def writer(self, key: BodyKey) -> BodyWriter:
        """Begin to write a message. Raises StorageUnavailable when the disk cannot be written."""

    def size(self, key: BodyKey) -> int | None:
        """Bytes of a kept message; None when it is not there."""

    def read(self, key: BodyKey, offset: int, length: int) -> bytes | None:
        """At most `length` bytes from `offset`; None when the message is not there any more."""

    def forget(self, account_id: AccountId) -> None:
        """Drop all of an account."""
