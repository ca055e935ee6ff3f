"""Acting on one message: its flags, where it is, whether it stays."""

from app.domain.access import Principal
from app.domain.account import Account
from app.domain.edits import Action, CopyAction, DeleteAction, EditedMessage, FlagAction, FlagEdit, MoveAction
from app.domain.errors import NotSupportedByServer, PreconditionFailed, StaleReference
from app.domain.ids import message_key
from app.domain.ports import MailGateway
from app.domain.query import MessageAddress
from app.services.accounts import Accounts
from app.services.edits.acting import Acting, scope_of
from app.services.edits.orders import Place
from app.services.edits.words import check_mutation_id
from app.services.mailboxes import Mailboxes
from app.services.moved_messages import MovedMessages
from app.services.version import Version, is_of_flags, read_version

_CHANGED = "The message was changed since you have seen it; read it again."


class MessageEdits:
    """Changes single messages of every account a principal reaches.

    Flags need `mail.flags.write`, all else `mail.write`, which includes it. Every method raises NotFound,
    StaleReference (with `moved_to` where a move of ours is why), PermissionDenied, NotSupportedByServer, and
    OutcomeUnknown when the connection was lost with the command on its way. `client_mutation_id` is the caller's own
    name for this change; events it causes carry it.
    """

    def __init__(
        self,
        accounts: Accounts,
        mailboxes: Mailboxes,
        gateway: MailGateway,
        moved: MovedMessages,
        acting: Acting,
        timeout: float,
    ) -> None:
        """Take the finders, the way to the mail, what keeps new ids, what acts, and the deadline in seconds."""
        self._accounts = accounts
        self._mailboxes = mailboxes
        self._gateway = gateway
        self._moved = moved
        self._acting = acting
        self._timeout = timeout

    async def change_flags(
        self,
        principal: Principal,
        account_id: str,
        message: str,
        edit: FlagEdit,
        *,
        version: str | None = None,
        client_mutation_id: str | None = None,
    ) -> EditedMessage:
        """Add and remove flags (`app.services.edits.words.flag_edit` makes and checks an edit): one round trip.

        With `version`, that of the message as the caller has seen it, raises PreconditionFailed when it has changed
        since. Where the mail server has CONDSTORE it is the server that looks, in the same round trip; else the flags
        are compared first, and a change in between is not noticed.
        """
        return await self._act(principal, account_id, message, FlagAction(edit), version, client_mutation_id)

    async def move(
        self,
        principal: Principal,
        account_id: str,
        message: str,
        to: str,
        *,
        client_mutation_id: str | None = None,
    ) -> EditedMessage:
        """Move to a mailbox (id or role). The message gets a new id, `moved_to`; one that is there already keeps its.

        Raises QuotaExceeded too.
        """
        return await self._act(principal, account_id, message, MoveAction(to), None, client_mutation_id)

    async def copy(
        self,
        principal: Principal,
        account_id: str,
        message: str,
        to: str,
        *,
        client_mutation_id: str | None = None,
    ) -> EditedMessage:
        """Copy to a mailbox (id or role); `moved_to` is the id of the copy. Raises QuotaExceeded too."""
        return await self._act(principal, account_id, message, CopyAction(to), None, client_mutation_id)

    async def delete(
        self,
        principal: Principal,
        account_id: str,
        message: str,
        *,
        permanently: bool = False,
        client_mutation_id: str | None = None,
    ) -> EditedMessage:
        """Move to the Trash, or remove for good when that is asked for: nothing else ever does.

        Raises RoleMissing without a Trash, Conflict for a message that is in the Trash already.
        """
        action = DeleteAction(permanently)
        return await self._act(principal, account_id, message, action, None, client_mutation_id)

    async def _act(
        self,
        principal: Principal,
        account_id: str,
        message: str,
        action: Action,
        version: str | None,
        client_mutation_id: str | None,
    ) -> EditedMessage:
        check_mutation_id(client_mutation_id)
        account = await self._accounts.reachable(principal, account_id, scope_of(action))
        key = message_key(message)
        seen = None if version is None else read_version(version, message)
        try:
            address = await self._mailboxes.locate(account, key)
            if seen is not None and seen.modseq is None:
                await self._compare(account, address, seen)
        except StaleReference as error:
            raise await self._moved.stale(account.id, key, error) from None
        order = await self._acting.order(principal, account, action, client_mutation_id)
        place = Place(key.mailbox, address.mailbox, address.uidvalidity)
        modseq = seen.modseq if seen else None
        try:
            (item,) = await self._acting.perform(order, place, (key.uid,), modseq)
        except NotSupportedByServer:
            if seen is None or modseq is None:
                raise
            await self._compare(account, address, seen)  # it had CONDSTORE when the message was read
            (item,) = await self._acting.perform(order, place, (key.uid,))
        if item.error is not None:
            raise item.error
        return item

    async def _compare(self, account: Account, address: MessageAddress, seen: Version) -> None:
        now = await self._gateway.message(account.id, address, self._timeout)
        if not is_of_flags(seen, now.flags):
            raise PreconditionFailed(_CHANGED)
