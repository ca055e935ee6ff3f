"""Opened messages: their structure from the cache where it is there, their flags from the server."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.domain.errors import StaleReference
from app.domain.ids import AccountId, Uid
from app.domain.message import MessageFacts
from app.domain.ports import BatchSession, MailSession, ModseqSession
from app.domain.query import MessageAddress
from app.gateway.operations import Operations
from app.gateway.structure_cache import StructureCache


class OpenedMessages:
    """The messages of every account, one by one or those of a page at once."""

    def __init__(self, operations: Operations, structures: StructureCache) -> None:
        """Take the way to sessions and the cache."""
        self._operations = operations
        self._structures = structures

    async def message(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        """Tell all about a message but its bodies; one whose structure is cached costs its flags alone."""
        cached = self._structures.get(account_id, address)
        if cached is None:
            return await self._open(account_id, address, timeout)

        def operation(session: MailSession, deadline: float) -> tuple[tuple[str, ...], int | None]:
            if isinstance(session, ModseqSession):
                return session.flags_and_modseq(address, deadline)
            return session.flags(address, deadline), None

        try:
            flags, modseq = await self._operations.run(account_id, address.mailbox, operation, timeout, "flags")
        except StaleReference:
            self._structures.drop(account_id, address)
            raise
        return replace(cached, flags=flags, modseq=modseq)

    async def structure(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        """Like `message`, but from the cache alone where it is there: its flags may be old."""
        return self._structures.get(account_id, address) or await self._open(account_id, address, timeout)

    async def structures(
        self, account_id: AccountId, mailbox: str, uidvalidity: int, uids: Sequence[Uid], timeout: float
    ) -> Mapping[Uid, MessageFacts]:
        """Like `structure`, for messages of one mailbox: those not cached are asked for at once."""
        found: dict[Uid, MessageFacts] = {}
        missing: list[Uid] = []
        for uid in dict.fromkeys(uids):
            cached = self._structures.get(account_id, MessageAddress(mailbox, uidvalidity, uid))
            if cached is None:
                missing.append(uid)
            else:
                found[uid] = cached
        if not missing:
            return found

        def operation(session: MailSession, deadline: float) -> Mapping[Uid, MessageFacts]:
            if isinstance(session, BatchSession):
                return session.messages(mailbox, uidvalidity, missing, deadline)
            return _one_by_one(session, mailbox, uidvalidity, missing, deadline)

        epoch = self._operations.epoch(account_id)
        told = await self._operations.run(account_id, mailbox, operation, timeout, "messages")
        if not epoch.is_over:
            for uid, facts in told.items():
                self._structures.put(account_id, MessageAddress(mailbox, uidvalidity, uid), facts)
        return {**found, **told}

    def forget(self, account_id: AccountId) -> None:
        """Drop what is cached of an account."""
        self._structures.forget(account_id)

    async def _open(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:
        def operation(session: MailSession, deadline: float) -> MessageFacts:
            return session.message(address, deadline)

        epoch = self._operations.epoch(account_id)
        facts = await self._operations.run(account_id, address.mailbox, operation, timeout, "message")
        if not epoch.is_over:
            self._structures.put(account_id, address, facts)
        return facts


def _one_by_one(
    session: MailSession, mailbox: str, uidvalidity: int, uids: Sequence[Uid], deadline: float
) -> dict[Uid, MessageFacts]:
    found = {}
    for uid in uids:
        try:
            found[uid] = session.message(MessageAddress(mailbox, uidvalidity, uid), deadline)
        except StaleReference:
            continue
    return found
