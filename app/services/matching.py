"""All messages of a mailbox that answer a query, for those who then do something to them."""

from dataclasses import dataclass

from app.domain.account import Account
from app.domain.errors import NotFound
from app.domain.ids import Uid, mailbox_id
from app.domain.lookup import MatchQuery
from app.domain.ports import Clock, LookupGateway, MailboxRow
from app.domain.search import Nothing, Term, parse, settle
from app.services.mailbox_terms import has_in, is_in, today
from app.services.mailboxes import Mailboxes


@dataclass(frozen=True, slots=True)
class FoundMessages:
    """Messages of one mailbox, newest first; `is_complete` is False when there are more than were asked for.

    `uidvalidity` is None only where no message was looked for, because the query can have none in this mailbox.
    """

    mailbox: MailboxRow
    uidvalidity: int | None
    uids: tuple[Uid, ...]
    is_complete: bool


class Matching:
    """Finds messages by a query, without their rows."""

    def __init__(self, mailboxes: Mailboxes, gateway: LookupGateway, clock: Clock, timeout: float) -> None:
        """Take the finder of mailboxes, the way to the mail, the day's date, and the deadline in seconds."""
        self._mailboxes = mailboxes
        self._gateway = gateway
        self._clock = clock
        self._timeout = timeout

    async def find(self, account: Account, mailbox: str, query: str, most: int) -> FoundMessages:
        """Find the newest `most` messages of a mailbox (id or role) that answer a query (docs/search.md).

        The account has been found and its scope checked by the caller. Raises InvalidRequest with code and position,
        NotFound, NotSupportedByServer for terms that nobody can run.
        """
        term = parse(query)
        row = await self._mailboxes.find(account, mailbox)
        settled = await self._settled(account, row, term)
        if isinstance(settled, Nothing):
            return FoundMessages(row, None, (), is_complete=True)
        try:
            found = await self._gateway.matching(account.id, MatchQuery(row.name, settled), most, self._timeout)
        except NotFound:  # renamed behind our back: its id follows a rename
            await self._mailboxes.refresh(account)
            row = await self._mailboxes.find(account, mailbox)
            found = await self._gateway.matching(account.id, MatchQuery(row.name, settled), most, self._timeout)
        return FoundMessages(row, found.uidvalidity, found.uids, found.is_complete)

    async def _settled(self, account: Account, row: MailboxRow, term: Term) -> Term:
        day = today(self._clock)
        if not has_in(term):
            return settle(term, day, lambda _: True)
        wanted = mailbox_id(row.row)
        box = next((one for one in await self._mailboxes.listed(account) if one.id == wanted), None)
        if box is None:
            raise NotFound("No such mailbox.")
        return settle(term, day, lambda value: is_in(box, value))
