"""Maildrops at rest: what POP3 cannot keep, the service does."""

from collections.abc import Sequence
from typing import Protocol

from app.domain.edits import FlagEdit
from app.domain.ids import AccountId, Uid
from app.domain.maildrop import Look, MaildropHeader, MaildropRow, StoredMessage
from app.domain.message import SummaryFacts


class MaildropStore(Protocol):
    """Messages of maildrops with their summaries and flags. Uids grow with each new message; none is used again."""

    async def header(self, account_id: AccountId) -> MaildropHeader | None:
        """What is known of the maildrop; None before the first look."""

    async def messages(self, account_id: AccountId) -> tuple[StoredMessage, ...]:
        """All messages and tombstones, by uid, without their facts."""

    async def page(self, account_id: AccountId, before: Uid | None, limit: int) -> tuple[MaildropRow, ...]:
        """At most `limit` messages under `before`, newest first."""

    async def rows(self, account_id: AccountId, uids: Sequence[Uid]) -> tuple[MaildropRow, ...]:
        """These messages, as far as they are there, newest first."""

    async def flags(
        self, account_id: AccountId, first: Uid, last: Uid | None
    ) -> tuple[tuple[Uid, tuple[str, ...]], ...]:
        """The flags of the messages from `first` to `last`, or to the end, ascending by uid."""

    async def counts(self, account_id: AccountId) -> tuple[int, int]:
        """How many messages there are, and how many of them are not seen."""

    async def write(self, account_id: AccountId, revision: int, uidvalidity: int, next_uid: int, look: Look) -> None:
        """Write a look in one transaction. `revision` is the one it was made from, 0 for a first look.

        Raises Conflict when another look was written meanwhile, NotFound when the account is gone.
        """

    async def learn(self, account_id: AccountId, facts: SummaryFacts) -> None:
        """Overwrite a message's facts, which the whole message has completed; nothing when it is gone."""

    async def store_flags(
        self, account_id: AccountId, uids: Sequence[Uid], edit: FlagEdit
    ) -> dict[Uid, tuple[str, ...]]:
        """Change the flags of these messages and tell what each has then; those that are gone are left out."""

    async def bury(self, account_id: AccountId, uids: Sequence[Uid], at: float) -> None:
        """Make tombstones of messages."""

    async def purge(self, before: float) -> int:
        """Drop tombstones older than `before` (Unix seconds); tells how many."""
