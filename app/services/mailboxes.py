"""Mailboxes of an account: the tree with counts, and what an id or a role stands for."""

from collections.abc import Awaitable, Callable, Container, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from app.domain.access import Principal, Scope
from app.domain.account import Account
from app.domain.errors import NotFound, StaleReference
from app.domain.ids import AccountId, MessageKey, mailbox_id, mailbox_row
from app.domain.mailbox import Mailbox, MailboxFacts, Role, RoleSource
from app.domain.ports import MailboxRow, MailGateway
from app.domain.query import MessageAddress
from app.services.accounts import Accounts
from app.services.limits import MAX_LEVELS
from app.services.listing_gate import ListingGates
from app.services.mailbox_directory import Directory, MailboxDirectory
from app.services.roles import assign_roles

#: Lists an account's mailboxes within a number of seconds.
AskMailboxes = Callable[[AccountId, float], Awaitable[tuple[MailboxFacts, ...]]]

_ROLES = {role.value: role for role in Role}


@dataclass(frozen=True, slots=True)
class Listing:
    """An account's mailboxes as the mail server lists them now, and as clients see them."""

    facts: dict[str, MailboxFacts]
    tree: tuple[Mailbox, ...]
    rows: dict[str, MailboxRow]

    def by_row(self, row: int) -> tuple[MailboxFacts, Mailbox] | None:
        """Find a mailbox; None when it is not listed."""
        name = next((name for name, known in self.rows.items() if known.row == row), None)
        wanted = mailbox_id(row)
        if name is None or name not in self.facts:
            return None
        return self.facts[name], next(mailbox for mailbox in self.tree if mailbox.id == wanted)


class Mailboxes:
    """The mailboxes of every account a principal reaches."""

    def __init__(self, accounts: Accounts, directory: MailboxDirectory, gateway: MailGateway, timeout: float) -> None:
        """Take the finder of accounts, the directory of ids, the way to the mail, and the deadline in seconds."""
        self._accounts = accounts
        self._directory = directory
        self._gateway = gateway
        self._timeout = timeout
        self._gates = ListingGates()

    async def tree(self, principal: Principal, account_id: str) -> tuple[Mailbox, ...]:
        """List all mailboxes with counts, parents before children: one round trip to the mail server.

        Needs `mail.meta.read`.
        """
        account = await self._accounts.reachable(principal, account_id, Scope.MAIL_META_READ)
        return (await self.listing(account)).tree

    async def listing(self, account: Account, ask: AskMailboxes | None = None) -> Listing:
        """Ask the mail server for its mailboxes, and keep the rows of the directory right.

        What an edit of ours has overtaken is asked for again, with no edit in between. `ask` is another way to ask.
        """
        ask = ask or self._gateway.mailboxes
        gate = self._gates.of(account.id)
        edition = gate.edition
        facts = await ask(account.id, self._timeout)
        async with gate.lock:
            if gate.edition != edition:
                facts = await ask(account.id, self._timeout)
            return await self._learned(account, facts)

    def editing(self, account: Account) -> AbstractAsyncContextManager[None]:
        """Hold listings back while mailboxes are renamed or deleted, on the server and in the directory."""
        return self._gates.of(account.id).editing()

    async def renamed(self, account: Account, names: Callable[[str], str | None]) -> None:
        """Let ids follow a rename of ours; within `editing`."""
        await self._directory.rewrite(account, names)

    async def deleted(self, account: Account, names: Container[str]) -> None:
        """Let the ids of mailboxes go that we deleted; within `editing`."""
        await self._directory.remove(account, names)

    async def listed(self, account: Account) -> tuple[Mailbox, ...]:
        """Like `tree`, of an account that was found and may be read."""
        return (await self.listing(account)).tree

    async def find(self, account: Account, reference: str) -> MailboxRow:
        """Tell which mailbox an id or a role means. Raises NotFound."""
        role = _ROLES.get(reference)
        if role is None:
            return await self._by_row(account, mailbox_row(reference))
        found = (await self._directory.load(account)).by_role.get(role)
        if found is None:
            await self.listing(account)
            found = (await self._directory.load(account)).by_role.get(role)
        if found is None:
            raise NotFound(f"This account has no mailbox with the role {role}.")
        return found

    async def locate(self, account: Account, key: MessageKey) -> MessageAddress:
        """Tell where a message is. Raises StaleReference when its mailbox or UIDVALIDITY is not known any more."""
        found = (await self.locate_all(account, (key,)))[key]
        if isinstance(found, StaleReference):
            raise found
        return found

    async def locate_all(
        self, account: Account, keys: Sequence[MessageKey]
    ) -> dict[MessageKey, MessageAddress | StaleReference]:
        """Like `locate`, for many messages: the directory is read again once at most, however many are unknown."""
        rows = (await self._directory.load(account)).by_row
        if any(key.mailbox not in rows for key in keys):  # another process may have listed it meanwhile
            rows = (await self._directory.reload(account)).by_row
        return {key: _located(rows.get(key.mailbox), key) for key in keys}

    async def refresh(self, account: Account) -> None:
        """Ask the mail server for its mailboxes again: a name or UIDVALIDITY turned out to be old."""
        await self.listing(account)

    async def _by_row(self, account: Account, row: int) -> MailboxRow:
        found = (await self._directory.load(account)).by_row.get(row)
        if found is None:  # another process may have listed it meanwhile
            found = (await self._directory.reload(account)).by_row.get(row)
        if found is None:
            raise NotFound("No such mailbox.")
        return found

    async def _learned(self, account: Account, facts: Sequence[MailboxFacts]) -> Listing:
        roles = assign_roles(facts)
        directory = await self._directory.sync(account, facts, {name: role for name, (role, _) in roles.items()})
        distinct = {each.name: each for each in reversed(facts)}
        return Listing(distinct, _tree(facts, directory, roles), directory.by_name)


def _located(row: MailboxRow | None, key: MessageKey) -> MessageAddress | StaleReference:
    if row is None:  # a message id is never made up by accident: its mailbox was there once
        return StaleReference("The mailbox of this message is no longer there.")
    if row.uidvalidity is not None and row.uidvalidity != key.uidvalidity:
        return StaleReference("The mail server has renumbered this mailbox; list it again.")
    return MessageAddress(row.name, key.uidvalidity, key.uid)


def _tree(
    listed: Sequence[MailboxFacts], directory: Directory, roles: dict[str, tuple[Role, RoleSource]]
) -> tuple[Mailbox, ...]:
    result: list[Mailbox] = []
    above: list[Mailbox] = []  # the last one, and below it those that it lies in
    distinct = {facts.name: facts for facts in reversed(listed)}
    for path, facts in sorted([(_path(facts), facts) for facts in distinct.values()], key=_order):
        while above and not _lies_in(path, above[-1].path):
            above.pop()
        role, source = roles.get(facts.name, (None, None))
        result.append(
            Mailbox(
                id=mailbox_id(directory.by_name[facts.name].row),
                name=path[-1],
                path=path,
                parent_id=above[-1].id if above else None,
                role=role,
                role_source=source,
                is_selectable=facts.is_selectable,
                is_subscribed=facts.is_subscribed,
                total=facts.messages,
                unread=facts.unseen,
            )
        )
        above.append(result[-1])
    return tuple(result)


def _lies_in(path: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return len(path) > len(other) and path[: len(other)] == other


def _path(facts: MailboxFacts) -> tuple[str, ...]:
    """Split a name into its levels; what lies deeper than the bound stays together in the last one."""
    return tuple(facts.name.split(facts.delimiter, MAX_LEVELS - 1)) if facts.delimiter else (facts.name,)


def _order(item: tuple[tuple[str, ...], MailboxFacts]) -> tuple[bool, list[tuple[str, str]]]:
    """INBOX first, then by path: a mailbox stands before all that lie in it, and nothing else stands between."""
    path, _ = item
    return path[0] != "INBOX", [(part.casefold(), part) for part in path]
