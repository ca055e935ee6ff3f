"""A mailbox that another client renames or deletes while its messages are open here.

The servers at hand have no MAILBOXID, without which a rename cannot be told from a deletion; hence a gateway that has.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from app.domain.account import AccountState, Password
from app.domain.errors import NotFound, StaleReference
from app.domain.ids import AccountId, MessageKey, Uid, mailbox_row, message_id
from app.domain.mailbox import MailboxFacts
from app.domain.message import MessageFacts, Part
from app.domain.query import MessageAddress, SectionRange
from app.security.links import LinkSigner
from app.services.account_registration import AccountPolicy
from app.services.account_states import AccountStates
from app.services.accounts import Accounts
from app.services.links import PartLinks
from app.services.mailbox_directory import MailboxDirectory
from app.services.mailboxes import Mailboxes
from app.services.messages import Messages
from app.services.moved_messages import MovedMessages
from app.services.parts import Parts
from app.storage.engine import Database
from app.storage.mailboxes import SqlMailboxStore
from app.storage.moved_messages import SqlMovedMessageStore
from tests.gateway import samples
from tests.services.conftest import CountedAccounts
from tests.services.fakes import ADMIN, FakeGateway, stored_account
from tests.support.clock import FakeClock

BASE = "http://here"
TEXT = b"Dear Ann"


class RenamingGateway(FakeGateway):
    """One mailbox with MAILBOXID, whose name is `name` now; structures are cached and so outlive the name."""

    name: str | None = "Old"

    async def mailboxes(self, account_id: AccountId, timeout: float) -> tuple[MailboxFacts, ...]:  # type: ignore[override]  # the fake's own refuses
        names = () if self.name is None else (self.name,)
        return tuple(MailboxFacts(name, "/", None, True, True, uidvalidity=7, mailbox_id="F1") for name in names)

    async def structure(self, account_id: AccountId, address: MessageAddress, timeout: float) -> MessageFacts:  # type: ignore[override]  # likewise
        return replace(samples.message(1), structure=Part("1", "text/plain", "utf-8", "7bit", len(TEXT)))

    async def sections(  # type: ignore[override]  # likewise
        self, account_id: AccountId, address: MessageAddress, wanted: Sequence[SectionRange], timeout: float
    ) -> tuple[bytes, ...]:
        self._enter(address)
        return (TEXT,) * len(wanted)

    async def stream(  # type: ignore[override]  # likewise
        self, account_id: AccountId, address: MessageAddress, section: str, timeout: float
    ) -> AsyncIterator[bytes]:
        self._enter(address)
        yield TEXT

    def _enter(self, address: MessageAddress) -> None:
        if address.mailbox != self.name:
            raise NotFound("No such mailbox.")


class Reader:
    """The services over the gateway, and a message whose mailbox another client renames or deletes next."""

    def __init__(self, database: Database, store: CountedAccounts, clock: FakeClock) -> None:
        self.gateway = RenamingGateway()
        accounts = Accounts(store, self.gateway, AccountStates(store, clock), clock, AccountPolicy(False, 10))
        links = PartLinks(LinkSigner(b"k" * 32, 60), clock)
        self.mailboxes = Mailboxes(accounts, MailboxDirectory(SqlMailboxStore(database)), self.gateway, 10)
        self.messages = Messages(
            accounts, self.mailboxes, self.gateway, links, MovedMessages(SqlMovedMessageStore(database), clock), 10
        )
        self.parts = Parts(self.messages, self.gateway, 10)
        self.account = stored_account(state=AccountState.CONNECTED)
        self.message = ""

    async def text(self) -> str:
        return (await self.messages.body(ADMIN, self.account.id, self.message, 1000, BASE)).text

    async def download(self) -> bytes:
        content = await self.parts.part(ADMIN, self.account.id, self.message, "1")
        return b"".join([chunk async for chunk in self.parts.read(content)])


@pytest.fixture
async def reader(database: Database, store: CountedAccounts, clock: FakeClock) -> Reader:
    found = Reader(database, store, clock)
    await store.add(found.account, Password("x"))
    (mailbox,) = await found.mailboxes.tree(ADMIN, found.account.id)
    found.message = message_id(MessageKey(mailbox_row(mailbox.id), 7, Uid(1)))
    return found


async def test_a_body_is_read_where_its_mailbox_is_now(reader: Reader) -> None:
    assert await reader.text() == TEXT.decode()
    reader.gateway.name = "New"
    assert await reader.text() == TEXT.decode()


async def test_a_part_is_read_where_its_mailbox_is_now(reader: Reader) -> None:
    assert await reader.download() == TEXT
    reader.gateway.name = "New"
    assert await reader.download() == TEXT


async def test_the_body_of_a_message_in_a_deleted_mailbox_is_stale(reader: Reader) -> None:
    reader.gateway.name = None
    with pytest.raises(StaleReference):
        await reader.text()


async def test_a_part_of_a_message_in_a_deleted_mailbox_is_stale(reader: Reader) -> None:
    reader.gateway.name = None
    with pytest.raises(StaleReference):
        await reader.download()
