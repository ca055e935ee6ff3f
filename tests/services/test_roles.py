import pytest

from app.domain.mailbox import MailboxFacts, Role, RoleSource
from app.services.roles import assign_roles


def box(name: str, special_use: Role | None = None, delimiter: str = "/", *, selectable: bool = True) -> MailboxFacts:
    return MailboxFacts(name, delimiter, special_use, selectable, True)


def test_the_servers_word_goes_first() -> None:
    found = assign_roles([box("INBOX"), box("Sent"), box("Outgoing", Role.SENT)])
    assert found["Outgoing"] == (Role.SENT, RoleSource.SERVER)
    assert "Sent" not in found
    assert found["INBOX"] == (Role.INBOX, RoleSource.SERVER)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Gesendete Objekte", Role.SENT),
        ("Entwürfe", Role.DRAFTS),
        ("已删除", Role.TRASH),
        ("SPAM", Role.JUNK),
        ("Archives", Role.ARCHIVE),
        ("INBOX/Trash", Role.TRASH),
    ],
)
def test_a_well_known_name_is_believed(name: str, role: Role) -> None:
    assert assign_roles([box("INBOX"), box(name)])[name] == (role, RoleSource.NAME)


def test_a_name_deep_in_the_tree_is_not() -> None:
    assert assign_roles([box("Projects/Trash"), box("INBOX/a/Sent")]) == {}


def test_a_role_is_given_once_to_the_shortest_name() -> None:
    found = assign_roles([box("Sent Items"), box("Sent")])
    assert found == {"Sent": (Role.SENT, RoleSource.NAME)}


def test_a_mailbox_that_cannot_be_opened_gets_no_role_by_name() -> None:
    assert assign_roles([box("Trash", selectable=False)]) == {}
