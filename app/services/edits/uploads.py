"""Storing messages that clients hand in: drafts, sent mail, imports."""

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.access import Principal, Scope
from app.domain.account import Account
from app.domain.edits import Appended, OwnEdit, StoredMessage
from app.domain.errors import FieldProblem, InvalidRequest, MailhatchError, NotFound, RateLimited
from app.domain.ids import MessageKey, TokenId, mailbox_id, message_id
from app.domain.ports import EditObserver, MailboxRow, MailGateway
from app.domain.query import PageQuery
from app.services.accounts import Accounts
from app.services.edits.limits import NEWEST_LOOKED_AT, SLOWEST_UPLOAD, UPLOADS_AT_ONCE
from app.services.edits.message_file import MessageFile
from app.services.edits.words import check_flags, check_mutation_id
from app.services.mailboxes import Mailboxes

_log = logging.getLogger(__name__)

#: INTERNALDATE has four digits for the year (RFC 9051 section 9, date-time), and nothing was received before mail.
_YEARS = range(1970, 9999)


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """A mailbox that somebody may store a message in."""

    principal: Principal
    account: Account
    mailbox: MailboxRow


class Uploads:
    """Takes messages and stores them. Needs `mail.write`."""

    def __init__(
        self,
        accounts: Accounts,
        mailboxes: Mailboxes,
        gateway: MailGateway,
        observer: EditObserver,
        timeout: float,
        most: int,
    ) -> None:
        """Take the finders, the way to the mail, who hears of changes, the deadline of a command in seconds, and the
        size of the largest message in bytes.
        """
        self._accounts = accounts
        self._mailboxes = mailboxes
        self._gateway = gateway
        self._observer = observer
        self._timeout = timeout
        self._most = most
        self._running: Counter[TokenId] = Counter()

    async def target(self, principal: Principal, account_id: str, mailbox: str) -> UploadTarget:
        """Find where a message is to go, before its first byte is read. Raises NotFound and Forbidden."""
        account = await self._accounts.reachable(principal, account_id, Scope.MAIL_WRITE)
        return UploadTarget(principal, account, await self._mailboxes.find(account, mailbox))

    @asynccontextmanager
    async def receiving(self, target: UploadTarget) -> AsyncIterator[MessageFile]:
        """Give what takes the message, and hold it until it was stored. Raises RateLimited over a few at once."""
        token = target.principal.token_id
        if self._running[token] >= UPLOADS_AT_ONCE:
            raise RateLimited(f"At most {UPLOADS_AT_ONCE} uploads at a time.", retry_after=1.0)
        self._running[token] += 1
        try:
            async with MessageFile(self._most) as file:
                yield file
        finally:
            self._running[token] -= 1
            if not self._running[token]:
                del self._running[token]

    async def store(
        self,
        target: UploadTarget,
        file: MessageFile,
        *,
        flags: tuple[str, ...] = (),
        received: datetime | None = None,
        client_mutation_id: str | None = None,
    ) -> StoredMessage:
        """Store a message that was taken whole; `received` becomes its date on the server, now if None.

        Raises InvalidRequest with pointers, NotFound, PermissionDenied, QuotaExceeded, PayloadTooLarge for what the
        mail server finds too large, and OutcomeUnknown.
        """
        check_mutation_id(client_mutation_id)
        flags = check_flags(flags, "/flags")
        at = _internal_date(received)
        row, appended = await self._append(target, file, flags, at)
        key = await self._key(target.account, row, file, appended)
        _log.info(
            "message stored",
            extra={"token": target.principal.token_id, "account": target.account.id, "bytes": file.size},
        )
        self._observer.edited(OwnEdit(target.account.id, client_mutation_id, arrived=() if key is None else (key,)))
        return StoredMessage(None if key is None else message_id(key), mailbox_id(row.row), file.size)

    async def _append(
        self, target: UploadTarget, file: MessageFile, flags: tuple[str, ...], received: str | None
    ) -> tuple[MailboxRow, Appended]:
        account, row = target.account, target.mailbox
        timeout = self._timeout + file.size / SLOWEST_UPLOAD
        try:
            return row, await self._gateway.append(account.id, row.name, file.source(), flags, received, timeout)
        except NotFound:  # renamed or deleted behind our back: its id follows a rename
            await self._mailboxes.refresh(account)
            row = await self._mailboxes.find(account, mailbox_id(row.row))
            return row, await self._gateway.append(account.id, row.name, file.source(), flags, received, timeout)

    async def _key(self, account: Account, row: MailboxRow, file: MessageFile, appended: Appended) -> MessageKey | None:
        """Tell the message's id: as the server told it, else that of the newest message with this Message-ID.

        It was stored; not finding it must not look like a failure.
        """
        try:
            if appended.uid is None or appended.uidvalidity is None:
                return await self._looked_up(account, row, file.message_id)
            if appended.uidvalidity != row.uidvalidity:
                await self._mailboxes.refresh(account)
        except MailhatchError as error:
            _log.info("a stored message was not found", extra={"account": account.id, "error": error.code})
        if appended.uid is None or appended.uidvalidity is None:
            return None
        return MessageKey(row.row, appended.uidvalidity, appended.uid)

    async def _looked_up(self, account: Account, row: MailboxRow, wanted: str | None) -> MessageKey | None:
        if wanted is None:
            return None
        page = await self._gateway.page(account.id, PageQuery(row.name, NEWEST_LOOKED_AT), self._timeout)
        for each in page.rows:
            if each.facts is not None and each.facts.message_id == wanted:
                return MessageKey(row.row, page.uidvalidity, each.uid)
        return None


def _internal_date(received: datetime | None) -> str | None:
    if received is None:
        return None
    if received.year not in _YEARS:
        detail = f"A message is received between {_YEARS.start} and {_YEARS.stop - 1}."
        raise InvalidRequest(detail, [FieldProblem(detail, "/received")])
    return (received if received.tzinfo else received.replace(tzinfo=UTC)).isoformat(timespec="seconds")
