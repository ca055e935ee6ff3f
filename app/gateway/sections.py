"""Bytes of messages: ranges of sections at once, or a whole section chunk by chunk."""

from collections.abc import AsyncIterator, Mapping, Sequence

from app.domain.errors import StaleReference
from app.domain.ids import AccountId, Uid
from app.domain.ports import BatchSession, MailSession
from app.domain.query import MessageAddress, SectionRange
from app.gateway.limits import STREAM_CHUNK
from app.gateway.operations import Operations


class Sections:
    """The sections of every account's messages; nothing is kept here."""

    def __init__(self, operations: Operations) -> None:
        """Take the way to sessions."""
        self._operations = operations

    async def sections(
        self, account_id: AccountId, address: MessageAddress, wanted: Sequence[SectionRange], timeout: float
    ) -> tuple[bytes, ...]:
        """Fetch section bytes in one round trip."""

        def operation(session: MailSession, deadline: float) -> tuple[bytes, ...]:
            return session.sections(address, wanted, deadline)

        return await self._operations.run(account_id, address.mailbox, operation, timeout, "sections")

    async def many_sections(
        self,
        account_id: AccountId,
        mailbox: str,
        uidvalidity: int,
        wanted: Mapping[Uid, Sequence[SectionRange]],
        timeout: float,
    ) -> Mapping[Uid, tuple[bytes, ...]]:
        """Fetch section bytes of messages of one mailbox; those that are gone are left out."""
        if not wanted:
            return {}

        def operation(session: MailSession, deadline: float) -> Mapping[Uid, tuple[bytes, ...]]:
            if isinstance(session, BatchSession):
                return session.many_sections(mailbox, uidvalidity, wanted, deadline)
            return _one_by_one(session, mailbox, uidvalidity, wanted, deadline)

        return await self._operations.run(account_id, mailbox, operation, timeout, "sections")

    async def stream(
        self, account_id: AccountId, address: MessageAddress, section: str, timeout: float
    ) -> AsyncIterator[bytes]:
        """Yield a section chunk by chunk, in constant memory; between chunks no connection is held, however slowly the
        reader takes them.
        """
        offset = 0
        while True:
            wanted = (SectionRange(section, offset, STREAM_CHUNK),)

            def operation(
                session: MailSession, deadline: float, wanted: Sequence[SectionRange] = wanted
            ) -> tuple[bytes, ...]:
                return session.sections(address, wanted, deadline)

            (chunk,) = await self._operations.run(
                account_id, address.mailbox, operation, timeout, "stream", interactive=False
            )
            if chunk:
                yield chunk
            if len(chunk) < STREAM_CHUNK:
                return
            offset += len(chunk)


def _one_by_one(
    session: MailSession,
    mailbox: str,
    uidvalidity: int,
    wanted: Mapping[Uid, Sequence[SectionRange]],
    deadline: float,
) -> dict[Uid, tuple[bytes, ...]]:
    found = {}
    for uid, ranges in wanted.items():
        try:
            found[uid] = session.sections(MessageAddress(mailbox, uidvalidity, uid), ranges, deadline)
        except StaleReference:
            continue
    return found
