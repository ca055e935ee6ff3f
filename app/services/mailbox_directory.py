"""Which id stands for which mailbox: rows of the database held against what the mail server lists."""

from collections import OrderedDict
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace

from app.domain.account import Account
from app.domain.errors import Conflict
from app.domain.ids import AccountId, new_row
from app.domain.mailbox import MailboxFacts, Role
from app.domain.ports import MailboxRow, MailboxStore

#: Accounts whose mailboxes stay in memory: 100 rows each of about 300 bytes make 60 MB at most; fewer in practice.
MAX_DIRECTORIES = 2000
#: How often a sync starts again when another replica wrote at the same time.
_WRITE_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Directory:
    """An account's mailboxes by row and by name, and the rows of its roles as of the last listing."""

    login: tuple[str, int, str]
    by_row: dict[int, MailboxRow]
    by_name: dict[str, MailboxRow]
    by_role: dict[Role, MailboxRow]


@dataclass(frozen=True, slots=True)
class Difference:
    """What must be written so that the rows say what the server says."""

    rows: tuple[MailboxRow, ...]
    changed: tuple[MailboxRow, ...]
    gone: tuple[int, ...]


def reconcile(rows: Sequence[MailboxRow], listed: Sequence[MailboxFacts]) -> Difference:
    """Match rows to listed mailboxes: by MAILBOXID (RFC 8474) first, which follows a rename, else by name.

    A row whose UIDVALIDITY changed stays: its message ids carry the old UIDVALIDITY and are stale by themselves. A row
    is matched by name only if the server's MAILBOXID does not speak against it. Of two listed mailboxes with one name
    the first counts, and a MAILBOXID counts once: a server that repeats itself must not lock its own account.
    """
    by_server_id = {row.server_id: row for row in rows if row.server_id}
    by_name = {row.name: row for row in rows}
    listed = _distinct(listed)
    claimed = {
        by_server_id[facts.mailbox_id].row for facts in listed if facts.mailbox_id and facts.mailbox_id in by_server_id
    }
    result: list[MailboxRow] = []
    changed: list[MailboxRow] = []
    for facts in listed:
        old = by_server_id.get(facts.mailbox_id) if facts.mailbox_id else None
        if old is None:
            named = by_name.get(facts.name)
            differs = named and named.server_id and facts.mailbox_id and named.server_id != facts.mailbox_id
            old = named if named and named.row not in claimed and not differs else None
        if old is None:
            new = MailboxRow(new_row(), facts.name, facts.uidvalidity, facts.mailbox_id)
        else:
            new = replace(
                old,
                name=facts.name,
                uidvalidity=facts.uidvalidity or old.uidvalidity,
                server_id=facts.mailbox_id or old.server_id,
            )
        result.append(new)
        if new != old:
            changed.append(new)
    kept = {row.row for row in result}
    return Difference(tuple(result), tuple(changed), tuple(row.row for row in rows if row.row not in kept))


def _distinct(listed: Sequence[MailboxFacts]) -> list[MailboxFacts]:
    names: set[str] = set()
    server_ids: set[str] = set()
    result: list[MailboxFacts] = []
    for facts in listed:
        if facts.name in names:
            continue
        names.add(facts.name)
        if facts.mailbox_id in server_ids:
            result.append(replace(facts, mailbox_id=None))
            continue
        if facts.mailbox_id:
            server_ids.add(facts.mailbox_id)
        result.append(facts)
    return result


class MailboxDirectory:
    """Directories of many accounts: read from the store once, then kept in memory, newest used last."""

    def __init__(self, store: MailboxStore) -> None:
        """Take where rows are kept."""
        self._store = store
        self._known: OrderedDict[AccountId, Directory] = OrderedDict()

    async def load(self, account: Account) -> Directory:
        """Return what is known without asking the mail server."""
        found = self._known.get(account.id)
        if found is None or found.login != _login(account):
            return await self.reload(account)
        self._known.move_to_end(account.id)
        return found

    async def reload(self, account: Account) -> Directory:
        """Read the rows again: another process may have written them. Roles stay those of the last listing."""
        old = self._known.get(account.id)
        rows = await self._store.rows(account.id)
        if old is None or old.login != _login(account):
            return self._keep(account, rows, {})
        names = {row.row: row.name for row in rows}
        return self._keep(
            account, rows, {names[row.row]: role for role, row in old.by_role.items() if row.row in names}
        )

    async def sync(self, account: Account, listed: Sequence[MailboxFacts], roles: dict[str, Role]) -> Directory:
        """Make the rows say what the server listed; `roles` gives each role by mailbox name."""
        for attempt in range(_WRITE_ATTEMPTS):
            before = (await self.load(account) if attempt == 0 else await self.reload(account)).by_row.values()
            difference = reconcile(tuple(before), listed)
            if not difference.changed and not difference.gone:
                break
            try:
                await self._store.write(account.id, difference.changed, difference.gone)
            except Conflict:
                if attempt == _WRITE_ATTEMPTS - 1:
                    raise
                continue
            break
        return self._keep(account, difference.rows, roles)

    async def rewrite(self, account: Account, names: Callable[[str], str | None]) -> None:
        """Give rows other names, those that `names` returns; None leaves a row alone. A row that had the name goes."""
        for attempt in range(_WRITE_ATTEMPTS):
            rows = (await self.reload(account)).by_row.values()
            renamed = tuple(
                replace(row, name=name) for row in rows if (name := names(row.name)) is not None and name != row.name
            )
            taken = {row.name for row in renamed} - {row.name for row in rows if names(row.name) is not None}
            gone = tuple(row.row for row in rows if row.name in taken)
            try:
                await self._store.write(account.id, renamed, gone)
            except Conflict:
                if attempt == _WRITE_ATTEMPTS - 1:
                    raise
                continue
            break
        await self.reload(account)

    async def remove(self, account: Account, names: Container[str]) -> None:
        """Forget mailboxes that were deleted."""
        rows = (await self.reload(account)).by_row.values()
        await self._store.write(account.id, (), tuple(row.row for row in rows if row.name in names))
        await self.reload(account)

    def _keep(self, account: Account, rows: Sequence[MailboxRow], roles: dict[str, Role]) -> Directory:
        by_name = {row.name: row for row in rows}
        by_role = {role: by_name[name] for name, role in roles.items() if name in by_name}
        if "INBOX" in by_name:
            by_role.setdefault(Role.INBOX, by_name["INBOX"])
        directory = Directory(_login(account), {row.row: row for row in rows}, by_name, by_role)
        self._known[account.id] = directory
        self._known.move_to_end(account.id)
        while len(self._known) > MAX_DIRECTORIES:
            self._known.popitem(last=False)
        return directory


def _login(account: Account) -> tuple[str, int, str]:
    """What decides whose mailboxes these are; the store drops the rows when it changes, and so must memory."""
    return account.incoming.host, account.incoming.port, account.incoming.username
