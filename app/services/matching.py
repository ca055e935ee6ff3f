"""All messages of a mailbox that answer a query, for those who then do something to them."""

from app.domain.access import Principal, Scope
from app.domain.account import Account
from app.domain.errors import NotFound
from app.domain.ids import mailbox_id
from app.domain.lookup import MatchingUids, MatchQuery
from app.domain.ports import Clock, LookupGateway, MailboxRow
from app.domain.search import Nothing, Term, parse, settle
from app.services.limits import MATCHING_MESSAGES
from app.services.mailbox_terms import has_in, is_in, today
from app.services.mailboxes import Mailboxes
from app.services.searches import reads_bodies


class Matching:
    """Finds messages by a query, without their rows."""

    def __init__(self, mailboxes: Mailboxes, gateway: LookupGateway, clock: Clock, timeout: float) -> None:
        """Take the finder of mailboxes, the way to the mail, the day's date, and the deadline in seconds."""
        self._mailboxes = mailboxes
        self._gateway = gateway
        self._clock = clock
        self._timeout = timeout

    async def matching(self, principal: Principal, account: Account, mailbox: MailboxRow, query: str) -> MatchingUids:
        """Find the newest messages of a mailbox that answer a query (docs/search.md), at most `MATCHING_MESSAGES`.

        Needs `mail.meta.read`, and `mail.body.read` for texts in bodies. Raises InvalidRequest with code and position,
        NotFound, NotSupportedByServer for terms that nobody can run.
        """
        term = parse(query)
        principal.require(Scope.MAIL_META_READ)
        if reads_bodies(term):
            principal.require(Scope.MAIL_BODY_READ)
        settled = await self._settled(account, mailbox, term)
        if isinstance(settled, Nothing):
            return MatchingUids(mailbox.uidvalidity or 0, (), is_complete=True)
        question = MatchQuery(mailbox.name, settled)
        return await self._gateway.matching(account.id, question, MATCHING_MESSAGES, self._timeout)

    async def _settled(self, account: Account, row: MailboxRow, term: Term) -> Term:
        day = today(self._clock)
        if not has_in(term):
            return settle(term, day, lambda _: True)
        wanted = mailbox_id(row.row)
        box = next((one for one in await self._mailboxes.listed(account) if one.id == wanted), None)
        if box is None:
            raise NotFound("No such mailbox.")
        return settle(term, day, lambda value: is_in(box, value))
