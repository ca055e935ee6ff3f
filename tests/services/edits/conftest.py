"""The services that change mail over a server in memory, and an account on it."""

from dataclasses import dataclass, field

import pytest

from app.domain.account import Account, AccountState, Password
from app.domain.edits import OwnEdit
from app.domain.ids import MessageKey, Uid, mailbox_row, message_id
from app.domain.mailbox import Role
from app.domain.ports import MovedMessageStore
from app.security.links import LinkSigner
from app.services.account_registration import AccountPolicy
from app.services.account_states import AccountStates
from app.services.accounts import Accounts
from app.services.edits.acting import Acting
from app.services.edits.batches import MatchingMessages, MessageBatches
from app.services.edits.mailboxes import MailboxEdits
from app.services.edits.messages import MessageEdits
from app.services.links import PartLinks
from app.services.mailbox_directory import MailboxDirectory
from app.services.mailboxes import Mailboxes
from app.services.messages import Messages
from app.services.moved_messages import MovedMessages
from app.storage.engine import Database
from app.storage.mailboxes import SqlMailboxStore
from app.storage.moved_messages import SqlMovedMessageStore
from tests.services.conftest import CountedAccounts
from tests.services.edits.server import MemoryServer
from tests.services.fakes import ADMIN, stored_account
from tests.support.clock import FakeClock


@dataclass
class Notebook:
    """Hears of every change."""

    edits: list[OwnEdit] = field(default_factory=list)

    def edited(self, edit: OwnEdit) -> None:
        self.edits.append(edit)


class Desk:
    """The services, the server behind them, and who hears of changes."""

    def __init__(self, server: MemoryServer, database: Database, store: CountedAccounts, clock: FakeClock) -> None:
        self.server = server
        self.clock = clock
        self.database = database
        self.notebook = Notebook()
        self.account: Account = stored_account(state=AccountState.CONNECTED)
        gateway = server.gateway()
        self.accounts = Accounts(store, gateway, AccountStates(store, clock), clock, AccountPolicy(False, 10))
        self.mailboxes = Mailboxes(self.accounts, MailboxDirectory(SqlMailboxStore(database)), gateway, 10)
        self.moved_store: MovedMessageStore = SqlMovedMessageStore(database)
        self.moved = MovedMessages(self.moved_store, clock)
        acting = Acting(self.mailboxes, gateway, self.moved, self.notebook, 10)
        self._acting = acting
        self.messages = MessageEdits(self.accounts, self.mailboxes, gateway, self.moved, acting, 10)
        self.batches = self.batches_with(None)
        self.boxes = MailboxEdits(self.accounts, self.mailboxes, gateway, self.notebook, 10)
        links = PartLinks(LinkSigner(b"k" * 32, 60), clock)
        self.reading = Messages(self.accounts, self.mailboxes, gateway, links, self.moved, 10)

    def batches_with(self, matching: MatchingMessages | None) -> MessageBatches:
        return MessageBatches(self.accounts, self.mailboxes, self.moved, self._acting, matching, self.clock, 10)

    async def id(self, name: str, uid: int) -> str:
        """The id of a message."""
        box = self.server.boxes[name]
        return message_id(MessageKey(mailbox_row(await self.box_id(name)), box.uidvalidity, Uid(uid)))

    async def box_id(self, name: str) -> str:
        """The id of a mailbox."""
        tree = await self.mailboxes.tree(ADMIN, self.account.id)
        return next(mailbox.id for mailbox in tree if "/".join(mailbox.path) == name)


@pytest.fixture
def server() -> MemoryServer:
    """A server with an inbox of three messages, a Trash and an Archive."""
    made = MemoryServer()
    for _ in range(3):
        made.boxes["INBOX"].add(set())
    made.box("Trash", Role.TRASH)
    made.box("Archive", Role.ARCHIVE)
    return made


@pytest.fixture
async def desk(server: MemoryServer, database: Database, store: CountedAccounts, clock: FakeClock) -> Desk:
    """The services over the server."""
    made = Desk(server, database, store, clock)
    await store.add(made.account, Password("x"))
    return made
