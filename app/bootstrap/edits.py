"""The services that change mail, put together."""

from app.config import Settings
from app.domain.ports import Clock, MailGateway, NoEditObserver
from app.services.accounts import Accounts
from app.services.edits import Edits
from app.services.edits.acting import Acting
from app.services.edits.batches import MessageBatches
from app.services.edits.mailboxes import MailboxEdits
from app.services.edits.messages import MessageEdits
from app.services.edits.uploads import Uploads
from app.services.mailboxes import Mailboxes
from app.services.matching import Matching
from app.services.moved_messages import MovedMessages


def open_edits(
    settings: Settings,
    accounts: Accounts,
    mailboxes: Mailboxes,
    gateway: MailGateway,
    moved: MovedMessages,
    clock: Clock,
) -> Edits:
    """Put them over the finders of accounts and mailboxes."""
    timeout = settings.mail_timeout
    observer = NoEditObserver()
    acting = Acting(mailboxes, gateway, moved, observer, timeout)
    matching = Matching(mailboxes, gateway, clock, timeout)
    return Edits(
        messages=MessageEdits(accounts, mailboxes, gateway, moved, acting, timeout),
        batches=MessageBatches(accounts, mailboxes, moved, acting, matching, clock, timeout),
        mailboxes=MailboxEdits(accounts, mailboxes, gateway, observer, timeout),
        uploads=Uploads(accounts, mailboxes, gateway, observer, timeout, settings.message_bytes),
    )
