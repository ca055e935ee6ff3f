"""Making, renaming, subscribing to and deleting mailboxes."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from app.domain.access import Principal, Scope
from app.domain.account import Account
from app.domain.edits import OwnEdit
from app.domain.errors import (
    Conflict,
    FieldProblem,
    InvalidRequest,
    MailboxExists,
    MailboxNotEmpty,
    MailhatchError,
    NotFound,
    OutcomeUnknown,
    UpstreamProtocolError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.domain.ids import MailboxId, mailbox_id, mailbox_row
from app.domain.mailbox import Mailbox, MailboxFacts, Role
from app.domain.ports import EditObserver, MailGateway
from app.services.account_patch import UNSET, Unset
from app.services.accounts import Accounts
from app.services.edits.limits import DELETED_AT_ONCE
from app.services.edits.mailbox_names import full_name, lies_in, moved_name
from app.services.edits.words import check_mutation_id
from app.services.mailboxes import Listing, Mailboxes

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MailboxPatch:
    """What is to change of a mailbox; UNSET stays. `parent_id` None is the top level."""

    name: str | Unset = UNSET
    parent_id: str | Unset | None = UNSET
    is_subscribed: bool | Unset = UNSET


class MailboxEdits:
    """Changes the mailboxes of every account a principal reaches. Every method needs `mail.write`.

    All raise NotFound, PermissionDenied, NotSupportedByServer and what any operation on a mail server may.
    """

    def __init__(
        self,
        accounts: Accounts,
        mailboxes: Mailboxes,
        gateway: MailGateway,
        observer: EditObserver,
        timeout: float,
    ) -> None:
        """Take the finders, the way to the mail, who hears of changes, and the deadline of a command in seconds."""
        self._accounts = accounts
        self._mailboxes = mailboxes
        self._gateway = gateway
        self._observer = observer
        self._timeout = timeout

    async def create(
        self,
        principal: Principal,
        account_id: str,
        name: str,
        parent_id: str | None = None,
        *,
        is_subscribed: bool = True,
        client_mutation_id: str | None = None,
    ) -> Mailbox:
        """Make a mailbox called `name` at the top level or in another one (id or role).

        Raises InvalidRequest with a pointer for a name that cannot be, MailboxExists, QuotaExceeded.
        """
        account = await self._account(principal, account_id, client_mutation_id)
        listing = await self._mailboxes.listing(account)
        new = full_name(listing.facts, name, await self._parent(account, listing, parent_id))
        _refuse_taken(listing, new)
        await self._made(account, new)
        if is_subscribed:
            await self._try_to_subscribe(account, [(new, True)])
        made = await self._shown(account, listing, new)
        self._tell(principal, account, "mailbox created", client_mutation_id, [made.id])
        return made

    async def change(
        self,
        principal: Principal,
        account_id: str,
        reference: str,
        patch: MailboxPatch,
        *,
        client_mutation_id: str | None = None,
    ) -> Mailbox:
        """Rename a mailbox, put it into another one, subscribe or unsubscribe. Its id stays, and all ids within it.

        Raises InvalidRequest with a pointer, MailboxExists, Conflict for the inbox, which cannot be renamed.
        """
        account = await self._account(principal, account_id, client_mutation_id)
        listing, facts, mailbox = await self._found(account, reference)
        new = await self._new_name(account, listing, facts, mailbox, patch)
        if new != facts.name:
            if mailbox.role is Role.INBOX:
                raise Conflict("The inbox cannot be renamed.")
            _refuse_taken(listing, new)
            await asyncio.shield(self._renamed(account, facts, new))
            await self._keep_subscriptions(account, listing, facts, new)
        if not isinstance(patch.is_subscribed, Unset) and patch.is_subscribed != facts.is_subscribed:
            await self._gateway.subscribe(account.id, new, patch.is_subscribed, self._timeout)
        changed = await self._shown(account, listing, new)
        self._tell(principal, account, "mailbox changed", client_mutation_id, [changed.id])
        return changed

    async def delete(
        self,
        principal: Principal,
        account_id: str,
        reference: str,
        *,
        with_messages: bool = False,
        with_children: bool = False,
        client_mutation_id: str | None = None,
    ) -> tuple[MailboxId, ...]:
        """Delete a mailbox, and what is in it if that is asked for; tells the ids of all that were deleted.

        Raises MailboxNotEmpty when it holds messages or mailboxes that were not to be deleted, Conflict for the inbox
        and for mailboxes the mail server itself gives a role. Messages that arrive in the same moment go with it.
        """
        account = await self._account(principal, account_id, client_mutation_id)
        listing, facts, _ = await self._found(account, reference)
        doomed = [*lies_in(listing.facts, facts), facts]
        _refuse_needed(doomed)
        _refuse_full(doomed, with_messages=with_messages, with_children=with_children)
        ids = tuple(mailbox_id(listing.rows[each.name].row) for each in reversed(doomed))
        await asyncio.shield(self._deleted(account, doomed))
        await self._try_to_subscribe(account, [(each.name, False) for each in doomed if each.is_subscribed])
        self._tell(principal, account, "mailboxes deleted", client_mutation_id, ids)
        return ids

    async def _account(self, principal: Principal, account_id: str, client_mutation_id: str | None) -> Account:
        check_mutation_id(client_mutation_id)
        return await self._accounts.reachable(principal, account_id, Scope.MAIL_WRITE)

    async def _found(self, account: Account, reference: str) -> tuple[Listing, MailboxFacts, Mailbox]:
        row = (await self._mailboxes.find(account, reference)).row
        listing = await self._mailboxes.listing(account)
        found = listing.by_row(row)
        if found is None:
            raise NotFound("No such mailbox.")
        return listing, *found

    async def _parent(self, account: Account, listing: Listing, reference: str | None) -> MailboxFacts | None:
        if reference is None:
            return None
        try:
            found = listing.by_row((await self._mailboxes.find(account, reference)).row)
        except NotFound:
            found = None
        if found is None:
            detail = "There is no such mailbox to put it into."
            raise InvalidRequest(detail, [FieldProblem(detail, "/parent_id")])
        return found[0]

    async def _new_name(
        self, account: Account, listing: Listing, facts: MailboxFacts, mailbox: Mailbox, patch: MailboxPatch
    ) -> str:
        if isinstance(patch.name, Unset) and isinstance(patch.parent_id, Unset):
            return facts.name
        name = mailbox.name if isinstance(patch.name, Unset) else patch.name
        parent_id = mailbox.parent_id if isinstance(patch.parent_id, Unset) else patch.parent_id
        if name == mailbox.name and parent_id == mailbox.parent_id:
            return facts.name  # the level above may be no mailbox, or the name one we would not give
        parent = await self._parent(account, listing, parent_id)
        new = full_name(listing.facts, name, parent)
        if parent is not None and moved_name(parent.name, facts.name, new, facts.delimiter) is not None:
            detail = "A mailbox cannot be put into itself."
            raise InvalidRequest(detail, [FieldProblem(detail, "/parent_id")])
        return new

    async def _made(self, account: Account, name: str) -> None:
        try:
            await self._gateway.create_mailbox(account.id, name, self._timeout)
        except (Conflict, InvalidRequest) as error:
            raise _name_refused(error) from None

    async def _renamed(self, account: Account, facts: MailboxFacts, new: str) -> None:
        """Rename on the server and in the directory; what the directory could not keep is renamed back."""
        names = partial(moved_name, old=facts.name, new=new, delimiter=facts.delimiter)
        async with self._mailboxes.editing(account):
            try:
                await self._gateway.rename_mailbox(account.id, facts.name, new, self._timeout)
            except (Conflict, InvalidRequest) as error:
                raise _name_refused(error) from None
            except (NotFound, OutcomeUnknown, UpstreamTimeout, UpstreamUnavailable):
                if not await self._is_renamed(account, facts.name, new):
                    raise
            try:
                await self._mailboxes.renamed(account, names)
            except MailhatchError:
                await self._gateway.rename_mailbox(account.id, new, facts.name, self._timeout)
                raise

    async def _is_renamed(self, account: Account, old: str, new: str) -> bool:
        """Look whether a rename was carried out whose answer was lost: else its ids would be lost as well."""
        names = {each.name for each in await self._gateway.mailboxes(account.id, self._timeout)}
        return new in names and old not in names

    async def _deleted(self, account: Account, doomed: Iterable[MailboxFacts]) -> None:
        """Delete on the server, the deepest first, and in the directory those that were."""
        gone: list[str] = []
        async with self._mailboxes.editing(account):
            try:
                for each in doomed:
                    await self._delete_one(account, each)
                    gone.append(each.name)
            finally:
                await self._mailboxes.deleted(account, gone)

    async def _delete_one(self, account: Account, facts: MailboxFacts) -> None:
        try:
            await self._gateway.delete_mailbox(account.id, facts.name, self._timeout)
        except NotFound:
            if facts.is_selectable:  # deleted by somebody else in this moment: as asked
                _log.info("a mailbox to delete was gone", extra={"account": account.id})

    async def _keep_subscriptions(self, account: Account, listing: Listing, facts: MailboxFacts, new: str) -> None:
        """A rename leaves subscriptions at the old names on many servers (RFC 9051 section 6.3.6 is silent)."""
        moved = [facts, *lies_in(listing.facts, facts)]
        wanted: list[tuple[str, bool]] = []
        for each in moved:
            name = moved_name(each.name, facts.name, new, facts.delimiter)
            if each.is_subscribed and name is not None:
                wanted += [(name, True), (each.name, False)]
        await self._try_to_subscribe(account, wanted)

    async def _try_to_subscribe(self, account: Account, wanted: Iterable[tuple[str, bool]]) -> None:
        """Subscribe as far as the server lets us: what was asked for is done, and the listing tells the truth."""
        for name, is_subscribed in wanted:
            try:
                await self._gateway.subscribe(account.id, name, is_subscribed, self._timeout)
            except MailhatchError as error:
                _log.info("not subscribed", extra={"account": account.id, "error": error.code})
                return

    async def _shown(self, account: Account, before: Listing, name: str) -> Mailbox:
        """Show a mailbox by what the server lists now; servers may spell a name otherwise (normal forms)."""
        listing = await self._mailboxes.listing(account)
        if name not in listing.rows:
            new = [each for each in listing.rows if each not in before.rows]
            if len(new) != 1:
                raise UpstreamProtocolError("The mail server carried it out, but does not list the mailbox.")
            (name,) = new
        found = listing.by_row(listing.rows[name].row)
        assert found is not None
        return found[1]

    def _tell(
        self,
        principal: Principal,
        account: Account,
        what: str,
        client_mutation_id: str | None,
        ids: Iterable[MailboxId],
    ) -> None:
        rows = tuple(mailbox_row(each) for each in ids)
        _log.info(what, extra={"token": principal.token_id, "account": account.id, "mailboxes": len(rows)})
        self._observer.edited(OwnEdit(account.id, client_mutation_id, mailboxes=rows))


def _name_refused(error: Conflict | InvalidRequest) -> MailhatchError:
    """What the mail server has against a name, in the words of a client."""
    if isinstance(error, Conflict):
        return MailboxExists("There is a mailbox of this name.")
    detail = "The mail server takes no mailbox of this name."
    return InvalidRequest(detail, [FieldProblem(detail, "/name")])


def _refuse_taken(listing: Listing, name: str) -> None:
    taken = listing.facts.get("INBOX" if name.upper() == "INBOX" else name)
    if taken is not None and taken.is_selectable:
        raise MailboxExists("There is a mailbox of this name.")


def _refuse_needed(doomed: Iterable[MailboxFacts]) -> None:
    for each in doomed:
        role = Role.INBOX if each.name == "INBOX" else each.special_use
        if role is not None:
            raise Conflict(f"The mail server keeps the mailbox with the role {role}; it is not deleted.")


def _refuse_full(doomed: list[MailboxFacts], *, with_messages: bool, with_children: bool) -> None:
    children = len(doomed) - 1
    if children and not with_children:
        raise MailboxNotEmpty(f"The mailbox holds {children} mailboxes; ask for with_children=true to delete them too.")
    if children > DELETED_AT_ONCE:
        raise MailboxNotEmpty(f"The mailbox holds {children} mailboxes; at most {DELETED_AT_ONCE} are deleted at once.")
    counts = [each.messages for each in doomed if each.is_selectable]
    if with_messages or all(count == 0 for count in counts):
        return
    known = sum(count or 0 for count in counts)
    many = f"holds {known} messages" if known else "may hold messages"
    raise MailboxNotEmpty(f"The mailbox {many}; ask for with_messages=true to delete them too.")
