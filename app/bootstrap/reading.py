"""What reads mail: mailboxes, messages, bodies, parts and the links to them."""

from dataclasses import dataclass

from app.config import Settings
from app.domain.ports import AccountStore, Clock, MailGateway
from app.security.keyring import Keyring
from app.security.links import LinkSigner
from app.services.accounts import Accounts
from app.services.bodies import Bodies
from app.services.links import PartLinks
from app.services.mailbox_directory import MailboxDirectory
from app.services.mailboxes import Mailboxes
from app.services.messages import Messages
from app.services.moved_messages import MovedMessages
from app.services.owners import Owners
from app.services.parts import Parts
from app.services.searches import Searches
from app.services.threads import Threads
from app.storage.engine import Database
from app.storage.mailboxes import SqlMailboxStore


@dataclass(frozen=True, slots=True)
class Reading:
    """The services that read mail."""

    mailboxes: Mailboxes
    messages: Messages
    searches: Searches
    threads: Threads
    bodies: Bodies
    owners: Owners
    parts: Parts
    links: PartLinks


@dataclass(frozen=True, slots=True)
class ReadingNeeds:
    """What they stand on."""

    database: Database
    keyring: Keyring
    store: AccountStore
    accounts: Accounts
    gateway: MailGateway
    moved: MovedMessages


def open_reading(settings: Settings, needs: ReadingNeeds, clock: Clock) -> Reading:
    """Put them together."""
    gateway, timeout = needs.gateway, settings.mail_timeout
    links = PartLinks(LinkSigner(needs.keyring.derive("part-links"), settings.link_lifetime), clock)
    rows = SqlMailboxStore(needs.database)
    mailboxes = Mailboxes(needs.accounts, MailboxDirectory(rows), gateway, timeout)
    messages = Messages(needs.accounts, mailboxes, gateway, links, needs.moved, timeout)
    return Reading(
        mailboxes=mailboxes,
        messages=messages,
        searches=Searches(needs.accounts, mailboxes, gateway, clock, timeout),
        threads=Threads(needs.accounts, mailboxes, gateway, timeout),
        bodies=Bodies(messages, gateway, links, timeout),
        owners=Owners(needs.store, rows),
        parts=Parts(messages, gateway, timeout),
        links=links,
    )
