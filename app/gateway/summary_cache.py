"""Summaries of messages seen before: they never change, only their flags do, so a warm page asks for flags alone."""

from collections import OrderedDict
from collections.abc import Container, Iterable
from dataclasses import replace

from app.domain.ids import AccountId, Uid
from app.domain.message import SummaryFacts
from app.gateway.limits import MAILBOX_OVERHEAD, SUMMARY_OVERHEAD
from app.gateway.size import size_of_summary


class _Entry:
    """One summary: as it is without its preview, and with it when it was ever asked for."""

    __slots__ = ("cost", "plain", "previewed", "shelf")

    def __init__(self, shelf: "_Shelf", plain: SummaryFacts, previewed: SummaryFacts | None, cost: int) -> None:
        self.shelf = shelf
        self.plain = plain
        self.previewed = previewed
        self.cost = cost


class _Shelf:
    """The summaries of one mailbox under one UIDVALIDITY."""

    __slots__ = ("account_id", "entries", "mailbox", "uidvalidity")

    def __init__(self, account_id: AccountId, mailbox: str, uidvalidity: int) -> None:
        self.account_id = account_id
        self.mailbox = mailbox
        self.uidvalidity = uidvalidity
        self.entries: dict[Uid, _Entry] = {}


class KnownSummaries:
    """What is known of a mailbox, as a container of UIDs that a session may ask from its own thread.

    Safe without a lock: the only touch from the other thread is one `dict.get` with an int, which the interpreter does
    in one step, so that it sees the table before or after a change by the event loop and never within one. What was
    told to be known is also kept here, in a table only that thread writes while the operation runs: evicting it from
    the cache meanwhile takes nothing away from the answer.
    """

    __slots__ = ("_entries", "_told", "_with_preview", "uidvalidity")

    def __init__(self, shelf: _Shelf | None, with_preview: bool) -> None:
        """Look at a shelf; a summary without a preview is not known to who wants one."""
        self.uidvalidity = shelf.uidvalidity if shelf else None
        self._entries: dict[Uid, _Entry] = shelf.entries if shelf else {}
        self._with_preview = with_preview
        self._told: dict[Uid, SummaryFacts] = {}

    def __contains__(self, uid: object) -> bool:
        """Whether the summary of `uid` is known; from then on `get` has it."""
        entry = self._entries.get(uid)  # type: ignore[call-overload]  # a Container is asked for any object
        if entry is None:
            return False
        facts = entry.previewed if self._with_preview else entry.plain
        if facts is None:
            return False
        self._told[facts.uid] = facts
        return True

    def __len__(self) -> int:
        """Tell how many summaries the mailbox has in the cache, previews aside."""
        return len(self._entries)

    def get(self, uid: Uid) -> SummaryFacts | None:
        """The summary that was told to be known."""
        return self._told.get(uid)


class _EveryUid:
    """Says that every summary is known: to a session that is asked for UIDs and flags alone."""

    __slots__ = ()

    def __contains__(self, uid: object) -> bool:
        """Always."""
        return True


EVERY_UID: Container[Uid] = _EveryUid()


class SummaryCache:
    """Least recently used summaries go first when the budget in bytes is used up; a budget of 0 keeps nothing.

    One per process, used on the event loop. `hits` and `misses` count rows, `size` is the memory in bytes, estimated.
    """

    def __init__(self, budget: int) -> None:
        """Take the budget in bytes."""
        self._budget = budget
        self._shelves: dict[AccountId, dict[str, _Shelf]] = {}
        self._used: OrderedDict[_Entry, None] = OrderedDict()
        self.size = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Tell how many summaries are kept."""
        return len(self._used)

    def known(self, account_id: AccountId, mailbox: str, with_preview: bool) -> KnownSummaries:
        """What is known of a mailbox at this moment, under the UIDVALIDITY seen last."""
        return KnownSummaries(self._shelves.get(account_id, {}).get(mailbox), with_preview)

    def touch(self, account_id: AccountId, mailbox: str, uids: Iterable[Uid]) -> None:
        """Count hits, and note that these were used."""
        shelf = self._shelves.get(account_id, {}).get(mailbox)
        for uid in uids:
            self.hits += 1
            entry = shelf.entries.get(uid) if shelf else None
            if entry is not None:
                self._used.move_to_end(entry)

    def learn(
        self,
        account_id: AccountId,
        mailbox: str,
        uidvalidity: int,
        facts: Iterable[SummaryFacts],
        with_preview: bool,
    ) -> None:
        """Keep summaries the server told, and count them as misses. Another UIDVALIDITY drops the mailbox's old ones.

        `with_preview` says that their previews were asked for, so that None means there is none.
        """
        if not self._budget:  # nothing to weigh and drop again
            self.misses += sum(1 for _ in facts)
            return
        shelf = self._shelf(account_id, mailbox, uidvalidity)
        for each in facts:
            self.misses += 1
            self._keep(shelf, each, with_preview)
        self._evict()
        if not shelf.entries:
            self._drop_shelf(shelf)

    def forget(self, account_id: AccountId) -> None:
        """Drop all of an account."""
        for shelf in tuple(self._shelves.get(account_id, {}).values()):
            self._drop_shelf(shelf)

    def forget_within(self, account_id: AccountId, mailbox: str) -> None:
        """Drop all of a mailbox, and of those whose name begins alike, which may lie in it."""
        for shelf in tuple(self._shelves.get(account_id, {}).values()):
            if shelf.mailbox.startswith(mailbox):
                self._drop_shelf(shelf)

    def _shelf(self, account_id: AccountId, mailbox: str, uidvalidity: int) -> _Shelf:
        shelf = self._shelves.get(account_id, {}).get(mailbox)
        if shelf is not None and shelf.uidvalidity != uidvalidity:
            self._drop_shelf(shelf)
            shelf = None
        if shelf is None:
            shelf = _Shelf(account_id, mailbox, uidvalidity)
            self._shelves.setdefault(account_id, {})[mailbox] = shelf
            self.size += MAILBOX_OVERHEAD
        return shelf

    def _keep(self, shelf: _Shelf, facts: SummaryFacts, with_preview: bool) -> None:
        old = shelf.entries.get(facts.uid)
        if old is not None:
            self._drop_entry(old)
        plain = facts if facts.preview is None else replace(facts, preview=None)
        previewed = facts if with_preview else old.previewed if old else None
        cost = SUMMARY_OVERHEAD + size_of_summary(previewed or plain)
        if previewed is not None and previewed is not plain:
            cost += 200  # the second row shares all its values with the first
        entry = _Entry(shelf, plain, previewed, cost)
        shelf.entries[facts.uid] = entry
        self._used[entry] = None
        self.size += cost

    def _evict(self) -> None:
        while self.size > self._budget and self._used:
            entry = next(iter(self._used))
            self._drop_entry(entry)
            if not entry.shelf.entries:
                self._drop_shelf(entry.shelf)

    def _drop_entry(self, entry: _Entry) -> None:
        del entry.shelf.entries[entry.plain.uid]
        del self._used[entry]
        self.size -= entry.cost

    def _drop_shelf(self, shelf: _Shelf) -> None:
        mailboxes = self._shelves.get(shelf.account_id, {})
        if mailboxes.get(shelf.mailbox) is not shelf:
            return
        for entry in tuple(shelf.entries.values()):
            self._drop_entry(entry)
        del mailboxes[shelf.mailbox]
        self.size -= MAILBOX_OVERHEAD
        if not mailboxes:
            del self._shelves[shelf.account_id]
