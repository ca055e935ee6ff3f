"""Changes of messages. Nothing here is done twice but what may be: what a lost connection leaves open is told."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeGuard, TypeVar

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
from app.domain.errors import MailhatchError, NotSupportedByServer, OutcomeUnknown, UpstreamTimeout, UpstreamUnavailable
from app.domain.ids import AccountId, Uid
from app.domain.ports import AppendSession, FlagSession, MailSession, MoveSession
from app.domain.query import MessageAddress
from app.gateway.operations import Operations
from app.gateway.structure_cache import StructureCache

T = TypeVar("T")

_AWAY = frozenset((ItemState.DONE, ItemState.GONE))


class Edits:
    """The changes of messages. See `EditGateway`."""

    def __init__(self, operations: Operations, structures: StructureCache) -> None:
        """Take the way to sessions, and the cache that has to hear of messages that went."""
        self._operations = operations
        self._structures = structures

    async def store_flags(
        self, account_id: AccountId, messages: MessageSet, edit: FlagEdit, unchanged_since: int | None, timeout: float
    ) -> tuple[FlagOutcome, ...]:
        """Add and remove flags and tell what each message has then.

        Without a condition it may be done twice, and is, when the connection turns out to have been dead.
        """
        told: list[tuple[FlagOutcome, ...]] = []
        may_repeat = unchanged_since is None

        def act(session: MailSession, deadline: float) -> tuple[FlagOutcome, ...]:
            if not _keeps_flags(session):
                raise NotSupportedByServer("The mail server keeps no flags.", "flags")
            told.append(session.store_flags(messages, edit, unchanged_since, deadline))
            if may_repeat and all(one.state is ItemState.UNKNOWN for one in told[-1]):
                raise UpstreamUnavailable("The connection to the mail server was lost.")
            return told[-1]

        def unknown(error: MailhatchError) -> tuple[FlagOutcome, ...]:
            return tuple([FlagOutcome(uid, ItemState.UNKNOWN, error=error) for uid in messages.uids])

        try:
            return await self._change(account_id, messages.mailbox, act, unknown, timeout, "store_flags", may_repeat)
        except MailhatchError:
            if told:
                return told[-1]
            raise

    async def move(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        """Move messages to another mailbox."""

        def act(session: MailSession, deadline: float) -> MoveReport:
            return _moving(session).move(messages, to, deadline)

        report = await self._transfer(account_id, messages, act, timeout, "move")
        self._forget(account_id, messages, report)
        return report

    async def copy(self, account_id: AccountId, messages: MessageSet, to: str, timeout: float) -> MoveReport:
        """Copy messages to a mailbox."""

        def act(session: MailSession, deadline: float) -> MoveReport:
            return _moving(session).copy(messages, to, deadline)

        return await self._transfer(account_id, messages, act, timeout, "copy")

    async def erase(self, account_id: AccountId, messages: MessageSet, timeout: float) -> MoveReport:
        """Remove messages for good."""

        def act(session: MailSession, deadline: float) -> MoveReport:
            return _moving(session).erase(messages, deadline)

        report = await self._transfer(account_id, messages, act, timeout, "erase")
        self._forget(account_id, messages, report)
        return report

    async def append(
        self,
        account_id: AccountId,
        mailbox: str,
        message: MessageSource,
        flags: tuple[str, ...],
        received: str | None,
        timeout: float,
    ) -> Appended:
        """Store a message. Raises OutcomeUnknown where nobody knows whether it was stored."""

        def act(session: MailSession, deadline: float) -> Appended:
            if not isinstance(session, AppendSession):
                raise NotSupportedByServer("The mail server takes no messages.", "append")
            return session.append(mailbox, message, flags, received, deadline)

        def unknown(error: MailhatchError) -> Appended:
            raise OutcomeUnknown(f"{error.detail} The message may have been stored.")

        return await self._change(account_id, None, act, unknown, timeout, "append", False)

    async def _transfer(
        self,
        account_id: AccountId,
        messages: MessageSet,
        act: Callable[[MailSession, float], MoveReport],
        timeout: float,
        name: str,
    ) -> MoveReport:
        def unknown(error: MailhatchError) -> MoveReport:
            return MoveReport(None, tuple([MoveOutcome(uid, ItemState.UNKNOWN, error=error) for uid in messages.uids]))

        return await self._change(account_id, messages.mailbox, act, unknown, timeout, name, False)

    async def _change(
        self,
        account_id: AccountId,
        mailbox: str | None,
        act: Callable[[MailSession, float], T],
        unknown: Callable[[MailhatchError], T],
        timeout: float,
        name: str,
        repeatable: bool,
    ) -> T:
        """Run a change; one that was under way when its session had to be cut ends as `unknown`."""
        is_under_way = False

        def operation(session: MailSession, deadline: float) -> T:
            nonlocal is_under_way
            is_under_way = True
            try:
                return act(session, deadline)
            finally:
                is_under_way = False

        try:
            return await self._operations.run(
                account_id, mailbox, operation, timeout, name, repeatable=repeatable, writes=True
            )
        except UpstreamTimeout as error:
            if is_under_way:
                return unknown(error)
            raise

    def _forget(self, account_id: AccountId, messages: MessageSet, report: MoveReport) -> None:
        away: Iterable[Uid] = (item.uid for item in report.items if item.state in _AWAY)
        for uid in away:
            self._structures.drop(account_id, MessageAddress(messages.mailbox, messages.uidvalidity, uid))


def _keeps_flags(session: MailSession) -> TypeGuard[FlagSession]:
    return _is_flag_session(type(session))


@lru_cache(maxsize=16)
def _is_flag_session(kind: type[object]) -> bool:
    """Hold a class of sessions against the protocol: Python looks at every member of it each time it is asked."""
    return issubclass(kind, FlagSession)


def _moving(session: MailSession) -> MoveSession:
    if not isinstance(session, MoveSession):
        raise NotSupportedByServer("The mail server moves no messages.", "move")
    return session
