"""The event log, who follows it, and the watchers that feed it."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from app.bootstrap.housekeeping import trim_hourly
from app.config import Settings
from app.domain.access import Principal
from app.domain.account import AccountState
from app.domain.ids import AccountId, mailbox_row
from app.domain.mailbox import Role
from app.domain.ports import AccountFilter, Clock, WatchGateway
from app.domain.snapshots import Depth, Watch
from app.services.accounts import Accounts
from app.services.changes import Changes
from app.services.mailbox_copies import MailboxCopies
from app.services.mailboxes import Mailboxes
from app.services.tail import LogTail
from app.storage.accounts import SqlAccountStore
from app.storage.engine import Database
from app.storage.events import SqlEventLog
from app.storage.lanes import SqlLaneStore
from app.storage.snapshots import SqlSnapshotStore
from app.watch.limits import MAX_WATCHED
from app.watch.mailboxes import DepthOf, ListedMailbox
from app.watch.round import WatchParts
from app.watch.supervisor import Supervisor

#: Accounts read at a time.
_PAGE = 500
#: Views of mail that lies in other mailboxes: watched message by message they would tell everything twice.
_VIEWS = frozenset((Role.ALL, Role.FLAGGED))


@dataclass(frozen=True, slots=True)
class Feed:
    """What tells of changes, and what finds them."""

    log: SqlEventLog
    snapshots: SqlSnapshotStore
    tail: LogTail
    changes: Changes
    copies: MailboxCopies
    supervisor: Supervisor
    lanes: SqlLaneStore


@dataclass(frozen=True, slots=True)
class FeedNeeds:
    """What it stands on; `service` is who the watchers act as."""

    database: Database
    store: SqlAccountStore
    accounts: Accounts
    mailboxes: Mailboxes
    gateway: WatchGateway
    service: Principal
    lanes: SqlLaneStore
    wake_webhooks: Callable[[], None]


def open_feed(settings: Settings, needs: FeedNeeds, clock: Clock) -> Feed:
    """Put it together; nothing runs yet."""
    log = SqlEventLog(needs.database, clock)
    tail = LogTail(log)

    def committed() -> None:
        tail.written()
        needs.wake_webhooks()

    log.committed = committed
    snapshots = SqlSnapshotStore(needs.database, clock, committed)
    parts = WatchParts(needs.gateway, snapshots, clock, _lister(needs), _depth_of(settings.watch_messages))
    supervisor = Supervisor(_watchable(needs), parts, snapshots, clock, settings.watch_interval)

    async def watch_of(account_id: AccountId) -> Watch:
        return supervisor.watch(account_id) or await snapshots.watch(account_id)

    changes = Changes(log, tail, clock, watch_of)
    copies = MailboxCopies(needs.accounts, log, snapshots)
    return Feed(log, snapshots, tail, changes, copies, supervisor, needs.lanes)


def beside_feed(
    feed: Feed, settings: Settings, clock: Clock, *, watches: bool
) -> list[tuple[str, Coroutine[Any, Any, None]]]:
    """Name what goes on beside the requests."""
    work: list[tuple[str, Coroutine[Any, Any, None]]] = [
        ("log-tail", feed.tail.run()),
        ("trim", trim_hourly(feed.log, feed.lanes, settings.event_retention, clock)),
    ]
    if watches:
        work.append(("watch", feed.supervisor.run()))
    return work


def _lister(needs: FeedNeeds) -> Callable[[AccountId], Awaitable[Sequence[ListedMailbox]]]:
    async def list_mailboxes(account_id: AccountId) -> Sequence[ListedMailbox]:
        account = await needs.store.get(needs.service, account_id)
        listing = await needs.mailboxes.listing(account, needs.gateway.watched_mailboxes)
        by_row = {mailbox_row(mailbox.id): mailbox for mailbox in listing.tree}
        return [
            ListedMailbox(row.row, _shown(by_row[row.row].path), by_row[row.row].role, listing.facts[name])
            for name, row in listing.rows.items()
            if name in listing.facts and row.row in by_row
        ]

    return list_mailboxes


def _shown(path: Sequence[str]) -> tuple[str, ...]:
    """A path that JSON can carry: half a surrogate pair, which an odd name may hold, becomes a question mark."""
    return tuple([level.encode("utf-8", "replace").decode() for level in path])


def _depth_of(roles: Sequence[str]) -> DepthOf:
    def depth_of(mailbox: ListedMailbox) -> Depth:
        if mailbox.role in _VIEWS or not mailbox.facts.is_selectable:
            return Depth.COUNTS
        if "*" in roles or (mailbox.role is not None and mailbox.role.value in roles):
            return Depth.MESSAGES
        return Depth.COUNTS

    return depth_of


def _watchable(needs: FeedNeeds) -> Callable[[], Awaitable[dict[AccountId, object]]]:
    """Accounts that are not paused; a watcher begins anew when the server or login changes."""

    async def watchable() -> dict[AccountId, object]:
        found: dict[AccountId, object] = {}
        after: AccountId | None = None
        while len(found) < MAX_WATCHED:
            page = await needs.store.list(needs.service, AccountFilter(), _PAGE, after)
            for account in page:
                if account.state is not AccountState.PAUSED:
                    found[account.id] = (account.incoming, account.updated_at)
            if len(page) < _PAGE:
                break
            after = page[-1].id
        return found

    return watchable
