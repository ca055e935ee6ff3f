"""A mail server in memory, behind `MailGateway`: what it keeps can be looked at, and how it fails can be said."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import cast

from app.domain.edits import (
    Appended,
    FlagEdit,
    FlagOutcome,
    ItemState,
    MessageSet,
    MessageSource,
    MoveOutcome,
    MoveReport,
)
from app.domain.errors import (
    Conflict,
    MailhatchError,
    NotFound,
    NotSupportedByServer,
    PermissionDenied,
    StaleReference,
)
from app.domain.ids import AccountId, Seq, Uid
from app.domain.mailbox import MailboxFacts, Role
from app.domain.message import MessageFacts
from app.domain.ports import MailGateway
from app.domain.query import MessageAddress, PageQuery, PageRows, Row
from tests.gateway import samples


@dataclass
class Box:
    """One mailbox: messages are (flags, bytes) by UID."""

    uidvalidity: int
    role: Role | None = None
    is_selectable: bool = True
    is_subscribed: bool = False
    is_read_only: bool = False
    messages: dict[int, set[str]] = field(default_factory=dict)
    stored: dict[int, bytes] = field(default_factory=dict)
    modseqs: dict[int, int] = field(default_factory=dict)
    next_uid: int = 1

    def add(self, flags: set[str], modseq: int = 1) -> int:
        uid = self.next_uid
        self.next_uid += 1
        self.messages[uid] = set(flags)
        self.modseqs[uid] = modseq
        return uid


class MemoryServer:
    """Mailboxes by name. `failing` is raised by the verb of that name; `during` is called before each verb."""

    def __init__(self, *, has_condstore: bool = True, has_uidplus: bool = True, delimiter: str | None = "/") -> None:
        self.boxes: dict[str, Box] = {}
        self.has_condstore = has_condstore
        self.has_uidplus = has_uidplus
        self.delimiter = delimiter
        self.calls: list[str] = []
        self.failing: dict[str, MailhatchError] = {}
        self.lost: set[int] = set()
        self.refused: dict[int, MailhatchError] = {}
        self.during: Callable[[str], object] = lambda verb: None
        self._uidvalidity = count(100)
        self._modseq = count(2)
        self.box("INBOX")

    def box(
        self,
        name: str,
        role: Role | None = None,
        messages: int = 0,
        *,
        is_selectable: bool = True,
        is_subscribed: bool = False,
        is_read_only: bool = False,
    ) -> Box:
        made = Box(next(self._uidvalidity), role, is_selectable, is_subscribed, is_read_only)
        self.boxes[name] = made
        for _ in range(messages):
            made.add(set())
        return made

    def gateway(self) -> MailGateway:
        return cast("MailGateway", self)

    async def mailboxes(self, account_id: AccountId, timeout: float) -> tuple[MailboxFacts, ...]:
        self._begin("mailboxes")
        return tuple(
            MailboxFacts(
                name,
                self.delimiter,
                box.role,
                box.is_selectable,
                box.is_subscribed,
                messages=len(box.messages) if box.is_selectable else None,
                uidvalidity=box.uidvalidity if box.is_selectable else None,
            )
            for name, box in self.boxes.items()
        )

    async def message(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        self._begin("message")
        box = self._enter(MessageSet(address.mailbox, address.uidvalidity, (address.uid,)))
        if address.uid not in box.messages:
            raise StaleReference("Gone.")
        facts = samples.message(address.uid)
        modseq = box.modseqs[address.uid] if self.has_condstore else None
        return replace(facts, flags=tuple(sorted(box.messages[address.uid])), modseq=modseq)

    structure = message

    async def page(self, account_id: AccountId, query: PageQuery, timeout: float) -> PageRows:
        self._begin("page")
        box = self.boxes[query.mailbox]
        uids = sorted(box.messages, reverse=True)[: query.limit]
        rows = tuple(
            Row(
                Uid(uid),
                Seq(1),
                tuple(sorted(box.messages[uid])),
                replace(samples.summary(uid), message_id=_message_id(box.stored.get(uid, b""))),
            )
            for uid in uids
        )
        return PageRows(box.uidvalidity, len(box.messages), None, rows, False)

    async def store_flags(
        self, account_id: AccountId, messages: MessageSet, edit: FlagEdit, unchanged_since: int | None, timeout: float
    ) -> tuple[FlagOutcome, ...]:
        self._begin("store_flags")
        if unchanged_since is not None and not self.has_condstore:
            raise NotSupportedByServer("No CONDSTORE.", "CONDSTORE")
        box = self._enter(messages, writing=True)
        outcomes = []
        for uid in messages.uids:
            state, error = self._state(box, uid)
            if state is ItemState.DONE and unchanged_since is not None and box.modseqs[uid] > unchanged_since:
                state = ItemState.CHANGED
            if state is ItemState.DONE:
                box.messages[uid] = (box.messages[uid] | set(edit.add)) - set(edit.remove)
                box.modseqs[uid] = next(self._modseq)
            flags = tuple(sorted(box.messages[uid])) if state is ItemState.DONE else None
            modseq = box.modseqs[uid] if flags is not None and self.has_condstore else None
            outcomes.append(FlagOutcome(uid, state, flags, modseq, error))
        return tuple(outcomes)

    async def move(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        self._begin("move")
        return self._relocate(messages, to, keeps=False)

    async def copy(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        self._begin("copy")
        return self._relocate(messages, to, keeps=True)

    async def erase(self, account_id: AccountId, messages: MessageSet, timeout: float) -> MoveReport:
        self._begin("erase")
        box = self._enter(messages, writing=True)
        items = []
        for uid in messages.uids:
            state, error = self._state(box, uid)
            if state is ItemState.DONE:
                del box.messages[uid]
            items.append(MoveOutcome(uid, state, None, error))
        return MoveReport(None, tuple(items))

    async def append(
        self,
        account_id: AccountId,
        mailbox: str,
        message: MessageSource,
        flags: tuple[str, ...],
        received: str | None,
        timeout: float,
    ) -> Appended:
        self._begin("append")
        box = self.boxes.get(mailbox)
        if box is None:
            raise NotFound("No such mailbox.")
        uid = box.add(set(flags))
        box.stored[uid] = b"".join(message.chunks())
        assert len(box.stored[uid]) == message.size
        return Appended(box.uidvalidity, Uid(uid)) if self.has_uidplus else Appended(None, None)

    async def create_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        self._begin("create_mailbox")
        if name in self.boxes:
            raise Conflict("It exists.")
        self.box(name)

    async def rename_mailbox(self, account_id: AccountId, name: str, new_name: str, timeout: float) -> None:
        self._begin("rename_mailbox")
        if name not in self.boxes:
            raise NotFound("No such mailbox.")
        if new_name in self.boxes:
            raise Conflict("It exists.")
        for old in [each for each in self.boxes if each == name or each.startswith(f"{name}{self.delimiter}")]:
            self.boxes[new_name + old[len(name) :]] = self.boxes.pop(old)
        self.during("renamed")

    async def delete_mailbox(self, account_id: AccountId, name: str, timeout: float) -> None:
        self._begin("delete_mailbox")
        if name not in self.boxes:
            raise NotFound("No such mailbox.")
        del self.boxes[name]

    async def subscribe(self, account_id: AccountId, name: str, is_subscribed: bool, timeout: float) -> None:
        self._begin("subscribe")
        if name in self.boxes:
            self.boxes[name].is_subscribed = is_subscribed

    def _begin(self, verb: str) -> None:
        self.calls.append(verb)
        self.during(verb)
        if verb in self.failing:
            raise self.failing[verb]

    def _enter(self, messages: MessageSet, *, writing: bool = False) -> Box:
        box = self.boxes.get(messages.mailbox)
        if box is None or box.uidvalidity != messages.uidvalidity:
            raise StaleReference("The mailbox is gone.")
        if writing and box.is_read_only:
            raise PermissionDenied("The mailbox can only be read.")
        return box

    def _state(self, box: Box, uid: Uid) -> tuple[ItemState, MailhatchError | None]:
        if uid in self.lost:
            return ItemState.UNKNOWN, None
        if uid in self.refused:
            return ItemState.FAILED, self.refused[uid]
        return (ItemState.DONE, None) if uid in box.messages else (ItemState.GONE, None)

    def _relocate(self, messages: MessageSet, to: str, *, keeps: bool) -> MoveReport:
        box = self._enter(messages, writing=not keeps)
        target = self.boxes.get(to)
        if target is None:
            raise NotFound("No such mailbox.")
        items = []
        for uid in messages.uids:
            state, error = self._state(box, uid)
            new = None
            if state is ItemState.DONE:
                new = Uid(target.add(box.messages[uid]))
                if not keeps:
                    del box.messages[uid]
            items.append(MoveOutcome(uid, state, new if self.has_uidplus else None, error))
        return MoveReport(target.uidvalidity if self.has_uidplus else None, tuple(items))


def _message_id(raw: bytes) -> str | None:
    _, found, rest = raw.partition(b"Message-ID: <")
    return rest.partition(b">")[0].decode() if found else None
