"""The tree of mailboxes, whatever a server lists."""

from collections.abc import Sequence
from typing import cast

from app.domain.account import Account
from app.domain.mailbox import Mailbox, MailboxFacts
from app.domain.ports import MailboxRow, MailGateway
from app.services.accounts import Accounts
from app.services.limits import MAX_LEVELS
from app.services.mailbox_directory import MailboxDirectory
from app.services.mailboxes import Mailboxes
from tests.services.fakes import ADMIN, stored_account


def listed(name: str, delimiter: str | None = "/") -> MailboxFacts:
    return MailboxFacts(name, delimiter, None, True, True)


class NoRows:
    async def owner(self, _row: int) -> None:
        return

    async def rows(self, _account_id: str) -> tuple[MailboxRow, ...]:
        return ()

    async def write(self, *_: object) -> None:
        return


class Server:
    """Lists what it is told; also the finder of its one account."""

    def __init__(self, facts: Sequence[MailboxFacts]) -> None:
        self._facts = tuple(facts)

    async def reachable(self, *_: object) -> Account:
        return stored_account("acc_1")

    async def mailboxes(self, *_: object) -> tuple[MailboxFacts, ...]:
        return self._facts


async def tree(*facts: MailboxFacts) -> tuple[Mailbox, ...]:
    server = Server(facts)
    directory = MailboxDirectory(NoRows())
    return await Mailboxes(cast("Accounts", server), directory, cast("MailGateway", server), 1.0).tree(ADMIN, "acc_1")


async def parents(*facts: MailboxFacts) -> dict[str, str | None]:
    found = await tree(*facts)
    names = {mailbox.id: "/".join(mailbox.path) for mailbox in found}
    return {names[mailbox.id]: mailbox.parent_id and names[mailbox.parent_id] for mailbox in found}


async def test_parents_stand_before_children_and_are_named() -> None:
    found = await parents(*map(listed, ("b/c/d", "a", "b", "A/x", "INBOX/x", "INBOX", "b/c", "A", "a/x", "bb/c")))
    assert found == {
        "INBOX": None,
        "INBOX/x": "INBOX",
        "A": None,
        "A/x": "A",
        "a": None,
        "a/x": "a",
        "b": None,
        "b/c": "b",
        "b/c/d": "b/c",
        "bb/c": None,
    }
    assert list(found) == ["INBOX", "INBOX/x", "A", "A/x", "a", "a/x", "b", "b/c", "b/c/d", "bb/c"]


async def test_a_level_that_is_no_mailbox_is_stepped_over() -> None:
    assert await parents(listed("a"), listed("a/b/c/d")) == {"a": None, "a/b/c/d": "a"}


async def test_without_a_delimiter_there_are_no_levels() -> None:
    assert await parents(listed("a", None), listed("a/b", None)) == {"a": None, "a/b": None}


async def test_one_path_in_two_spellings_is_not_its_own_parent() -> None:
    found = await tree(listed("a.b", "."), listed("a/b"), listed("a/b/c"))
    assert [mailbox.parent_id for mailbox in found] == [None, None, found[1].id]


async def test_a_name_of_a_million_delimiters_does_not_stop_the_service() -> None:
    name = "a/" * 500_000
    inbox, deep = await tree(listed(name), listed("INBOX"))
    assert inbox.parent_id is None
    assert deep.parent_id is None
    assert len(deep.path) == MAX_LEVELS
    assert "/".join(deep.path) == name
