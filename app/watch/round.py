"""One round of watching an account: its mailboxes, and the messages of those watched closely."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from app.domain.errors import NotFound, UpstreamProtocolError
from app.domain.ids import AccountId
from app.domain.ports import Clock, SnapshotStore, WatchGateway
from app.domain.snapshots import SnapshotHeader, SnapshotStep, SyncHow, Watch
from app.watch.diff.differ import diff
from app.watch.diff.steps import Answer, Difference, FetchFlags, ListUids, MailboxMoved, ReadChunks, ReadFirsts
from app.watch.limits import LOOKS_IN_A_ROW, QUESTION
from app.watch.mailboxes import DepthOf, ListedMailbox, compare_tree
from app.watch.telling import tell

#: Lists an account's mailboxes, and keeps the rows behind their ids right.
ListMailboxes = Callable[[AccountId], Awaitable[Sequence[ListedMailbox]]]


@dataclass(frozen=True, slots=True)
class WatchParts:
    """What rounds are made with."""

    gateway: WatchGateway
    store: SnapshotStore
    clock: Clock
    list_mailboxes: ListMailboxes
    depth_of: DepthOf


class Rounds:
    """The rounds of one account. Each raises errors of `app.domain.errors`; what was found until then is committed.

    Conflict means that somebody else watches the account too: what they committed is read by the next round.
    """

    def __init__(self, account_id: AccountId, parts: WatchParts) -> None:
        """Take whose; nothing is read before the first round."""
        self._account_id = account_id
        self._parts = parts
        self._headers: dict[int, SnapshotHeader] | None = None
        self._watch = Watch()
        self._doubted: set[int] = set()

    async def run(self, how: SyncHow = SyncHow.POLL) -> Watch:
        """Compare everything once, commit what differs, and return the watch as it is now."""
        began = self._parts.clock.now()
        try:
            await self._load()
            to_look_at = await self._compare_mailboxes()
            is_settled = True
            for row in to_look_at:
                is_settled = await self._look(row) and is_settled
        except BaseException:
            self._headers = None  # read again: another watcher may have written, or half of ours is committed
            raise
        if is_settled:
            self._watch = replace(self._watch, synced_at=began, how=how)
        return self._watch

    async def _load(self) -> None:
        if self._headers is None:
            store = self._parts.store
            self._watch = await store.watch(self._account_id)
            self._headers = {header.mailbox: header for header in await store.headers(self._account_id)}

    @property
    def _known(self) -> dict[int, SnapshotHeader]:
        assert self._headers is not None
        return self._headers

    async def _compare_mailboxes(self) -> tuple[int, ...]:
        parts, known = self._parts, self._known
        listed = await parts.list_mailboxes(self._account_id)
        is_first = self._watch.begun_at is None
        found = compare_tree(tuple(known.values()), listed, parts.depth_of, is_first=is_first)
        if found.written or found.gone or is_first:
            watch = replace(self._watch, begun_at=parts.clock.now()) if is_first else None
            step = SnapshotStep(found.written, found.gone, watch)
            await parts.store.commit(self._account_id, step, found.events)
            self._watch = watch or self._watch
            for header in found.gone:
                del known[header.mailbox]
            for write in found.written:
                known[write.header.mailbox] = _committed(write.header)
        return found.to_look_at

    async def _look(self, row: int) -> bool:
        """Look at a mailbox until it holds still; tells whether it did."""
        for _ in range(LOOKS_IN_A_ROW):
            try:
                if await self._look_once(row):
                    return True
            except MailboxMoved:
                continue
            except NotFound:  # deleted since it was listed: the next list says so
                return False
            except UpstreamProtocolError:
                self._doubted.add(row)  # perhaps the answer was over a bound: window by window the next time
                raise
        return False

    async def _look_once(self, row: int) -> bool:
        before = self._known[row]
        difference = await self._diff(before, is_thorough=row in self._doubted)
        last = len(difference.portions) - 1
        for number, portion in enumerate(difference.portions):
            events = tuple(tell(before, portion, is_reset=difference.is_reset, tells_counts=number == last))
            await self._parts.store.commit(self._account_id, SnapshotStep((portion.write,)), events)
            self._known[row] = _committed(portion.write.header)
        self._doubted.discard(row)
        return difference.is_settled

    async def _diff(self, header: SnapshotHeader, *, is_thorough: bool) -> Difference:
        """Give the differ what it asks for."""
        steps = diff(header, is_thorough=is_thorough)
        gateway, store, who = self._parts.gateway, self._parts.store, self._account_id
        try:
            request = next(steps)
            while True:
                answer: Answer
                match request:
                    case FetchFlags(window, modseq):
                        answer = await gateway.changes_since(who, header.name, modseq, window, QUESTION)
                    case ListUids():
                        answer = await gateway.uids(who, header.name, QUESTION)
                    case ReadFirsts():
                        answer = await store.firsts(header.mailbox)
                    case ReadChunks(firsts):
                        answer = await store.chunks(header.mailbox, firsts)
                request = steps.send(answer)
        except StopIteration as end:
            difference: Difference = end.value
            return difference
        finally:
            steps.close()


def _committed(header: SnapshotHeader) -> SnapshotHeader:
    return replace(header, revision=header.revision + 1)
