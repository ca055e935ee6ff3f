"""Whose a mailbox or a message is, from its id alone: for clients that refetch by id (Relay)."""

from app.domain.access import Principal
from app.domain.errors import NotFound
from app.domain.ids import AccountId, mailbox_row, message_key
from app.domain.ports import AccountStore, MailboxStore


class Owners:
    """Finds the account that an id belongs to."""

    def __init__(self, accounts: AccountStore, mailboxes: MailboxStore) -> None:
        """Take where accounts and mailboxes are kept."""
        self._accounts = accounts
        self._mailboxes = mailboxes

    async def of(self, principal: Principal, reference: str) -> AccountId:
        """Return the account of a mailbox id or a message id. Raises NotFound, alike for one out of reach."""
        is_message = reference.startswith("msg_")
        row = message_key(reference).mailbox if is_message else mailbox_row(reference)
        owner = await self._mailboxes.owner(row)
        if owner is None:
            raise NotFound("No such message." if is_message else "No such mailbox.")
        return (await self._accounts.get(principal, owner)).id
