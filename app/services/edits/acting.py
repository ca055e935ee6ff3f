"""Doing one action to messages of one mailbox, and telling what became of each."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.domain.access import Principal, Scope
from app.domain.account import Account
from app.domain.edits import (
    Action,
    CopyAction,
    DeleteAction,
    EditedMessage,
    FlagAction,
    ItemState,
    MessageSet,
    MoveAction,
    MovedMessage,
    MoveReport,
    OwnEdit,
)
from app.domain.errors import Conflict, MailhatchError, NotFound, RoleMissing, StaleReference
from app.domain.ids import MessageKey, Uid, mailbox_id, message_id, message_key
from app.domain.mailbox import Role
from app.domain.ports import EditObserver, MailboxRow, MailGateway
from app.services.edits.orders import Order, Place, flagged, refused, relocated
from app.services.mailboxes import Mailboxes
from app.services.moved_messages import MovedMessages, stale

_log = logging.getLogger(__name__)

_WORDS: Mapping[type[Action], str] = {
    FlagAction: "flags changed",
    MoveAction: "messages moved",
    CopyAction: "messages copied",
    DeleteAction: "messages deleted",
}


class Acting:
    """Does actions: what the calls for one message and for a batch have in common."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        gateway: MailGateway,
        moved: MovedMessages,
        observer: EditObserver,
        timeout: float,
    ) -> None:
        """Take the finder of mailboxes, the way to the mail, what keeps new ids and who hears of changes."""
        self._mailboxes = mailboxes
        self._gateway = gateway
        self._moved = moved
        self._observer = observer
        self._timeout = timeout

    async def order(
        self, principal: Principal, account: Account, action: Action, client_mutation_id: str | None
    ) -> Order:
        """Find out where an action leads to. Raises NotFound, and RoleMissing where there is no Trash."""
        target = None
        if isinstance(action, MoveAction | CopyAction):
            target = await self._mailboxes.find(account, action.to)
        elif isinstance(action, DeleteAction) and not action.permanently:
            target = await self._trash(account)
        return Order(principal, account, action, target, client_mutation_id)

    async def perform(
        self, order: Order, place: Place, uids: Sequence[Uid], unchanged_since: int | None = None
    ) -> tuple[EditedMessage, ...]:
        """Do it to messages of one mailbox, in few commands; tells what became of each, in the order asked.

        Raises only when nothing was changed.
        """
        keys = tuple(place.key(uid) for uid in uids)
        if order.target is not None and order.target.row == place.row and not isinstance(order.action, CopyAction):
            return _already_there(order, keys)
        try:
            items = await self._change(order, place, tuple(uids), unchanged_since)
        except StaleReference as error:  # renamed behind our back, which leaves the messages where they are?
            await self._mailboxes.refresh(order.account)
            again = await self._place_now(order.account, place)
            if again is None or again == place:
                return await self._explained(order, keys, refused(keys, error))
            items = await self._change(order, again, tuple(uids), unchanged_since)
        _record(order, items)
        return await self._explained(order, keys, items)

    async def _trash(self, account: Account) -> MailboxRow:
        try:
            return await self._mailboxes.find(account, Role.TRASH)
        except NotFound:
            raise RoleMissing(
                "This account has no mailbox with the role trash. Make one (POST …/mailboxes, such as "
                '{"name": "Trash"}), or delete permanently.'
            ) from None

    async def _place_now(self, account: Account, place: Place) -> Place | None:
        try:
            row = await self._mailboxes.find(account, mailbox_id(place.row))
        except NotFound:
            return None
        return replace(place, name=row.name)

    async def _change(
        self, order: Order, place: Place, uids: tuple[Uid, ...], unchanged_since: int | None
    ) -> tuple[EditedMessage, ...]:
        messages = MessageSet(place.name, place.uidvalidity, uids)
        if isinstance(order.action, FlagAction):
            outcomes = await self._gateway.store_flags(
                order.account.id, messages, order.action.edit, unchanged_since, self._timeout
            )
            self._observe(order, [place.key(each.uid) for each in outcomes if each.state is ItemState.DONE], [])
            return flagged(place, outcomes)
        report = await self._relocate(order, messages)
        if order.target is not None and report.uidvalidity not in {None, order.target.uidvalidity}:
            await self._refreshed(order)
        items = relocated(place, order.target, report)
        moved = [MovedMessage(old, message_key(item.moved_to)) for old, item in items.items() if item.moved_to]
        is_copy = isinstance(order.action, CopyAction)
        if not is_copy:
            await self._moved.record(order.account.id, moved)
        left = [] if is_copy else [old for old, item in items.items() if item.state is ItemState.DONE]
        self._observe(order, left, [each.new for each in moved])
        return tuple(items.values())

    async def _relocate(self, order: Order, messages: MessageSet) -> MoveReport:
        account_id, target = order.account.id, order.target
        if target is None:
            return await self._gateway.erase(account_id, messages, self._timeout)
        verb = self._gateway.copy if isinstance(order.action, CopyAction) else self._gateway.move
        try:
            return await verb(account_id, messages, target.name, self._timeout)
        except NotFound:  # renamed or deleted behind our back: its id follows a rename
            await self._mailboxes.refresh(order.account)
            target = await self._mailboxes.find(order.account, mailbox_id(target.row))
            return await verb(account_id, messages, target.name, self._timeout)

    async def _refreshed(self, order: Order) -> None:
        """Learn the target's UIDVALIDITY, so that the new ids are good at once; what was done stays done."""
        try:
            await self._mailboxes.refresh(order.account)
        except MailhatchError as error:
            _log.info("mailboxes not listed after a move", extra={"account": order.account.id, "error": error.code})

    async def _explained(
        self, order: Order, keys: Sequence[MessageKey], items: Sequence[EditedMessage]
    ) -> tuple[EditedMessage, ...]:
        """Give those that are gone their new ids, where a move of ours is why."""
        gone = [key for key, item in zip(keys, items, strict=True) if isinstance(item.error, StaleReference)]
        known = await self._moved.known(order.account.id, gone)
        if not known:
            return tuple(items)
        return tuple(
            replace(item, error=stale(item.error, known.get(key))) if isinstance(item.error, StaleReference) else item
            for key, item in zip(keys, items, strict=True)
        )

    def _observe(self, order: Order, messages: Sequence[MessageKey], arrived: Sequence[MessageKey]) -> None:
        if messages or arrived:
            self._observer.edited(OwnEdit(order.account.id, order.client_mutation_id, tuple(messages), tuple(arrived)))


def scope_of(action: Action) -> Scope:
    """What it takes to do an action."""
    return Scope.MAIL_FLAGS_WRITE if isinstance(action, FlagAction) else Scope.MAIL_WRITE


def _already_there(order: Order, keys: Sequence[MessageKey]) -> tuple[EditedMessage, ...]:
    """A message moved to where it is stays there; one that is deleted again is not erased unless that is asked for."""
    if isinstance(order.action, DeleteAction):
        return refused(keys, Conflict("The message is in the Trash already; delete it permanently to remove it."))
    assert order.target is not None
    box = mailbox_id(order.target.row)
    return tuple(EditedMessage(id=message_id(key), state=ItemState.DONE, mailbox_id=box) for key in keys)


def _record(order: Order, items: Sequence[EditedMessage]) -> None:
    done = sum(item.state is ItemState.DONE for item in items)
    _log.info(
        _WORDS[type(order.action)],
        extra={
            "token": order.principal.token_id,
            "account": order.account.id,
            "done": done,
            "not_done": len(items) - done,
        },
    )
