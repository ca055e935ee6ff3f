"""Mailboxes made, renamed, deleted and subscribed to on Dovecot."""

from collections.abc import Callable

import pytest

from app.domain.edits import FlagEdit
from app.domain.errors import Conflict, InvalidRequest, MailhatchError, NotFound, PermissionDenied, UpstreamRejected
from tests.imap.asking import LogIn, first_page, some, trips
from tests.imap.conftest import soon
from tests.support.dovecot import Dovecot, MailUser

pytestmark = pytest.mark.dovecot

NAMES = ["Rechnungen 2026", "Entwürfe €", 'a "quoted" \\ one', "x*y%z", "&-&", "日本語", "{5}", "(NIL)", "a" * 200]


def names(user: MailUser) -> set[str]:
    with user.client() as imap:
        return {name for _, _, name in imap.list_folders()}


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_made_renamed_and_deleted_in_one_round_trip_each(
    mail_user: MailUser, log_in: LogIn, name: str
) -> None:
    session = log_in(mail_user)
    assert trips(session, lambda: session.create_mailbox(name, soon())) == 1
    assert name in {one.name for one in session.mailboxes(soon())}
    session.subscribe(name, True, soon())
    assert [one.is_subscribed for one in session.mailboxes(soon()) if one.name == name] == [True]
    session.subscribe(name, False, soon())
    assert [one.is_subscribed for one in session.mailboxes(soon()) if one.name == name] == [False]
    assert first_page(session, box=name).total == 0
    assert trips(session, lambda: session.rename_mailbox(name, name + " x", soon())) == 1
    assert {name, name + " x"} & names(mail_user) == {name + " x"}
    assert trips(session, lambda: session.delete_mailbox(name + " x", soon())) == 1
    assert {name, name + " x"} & names(mail_user) == set()


def test_those_above_are_made_and_those_within_are_renamed(mail_user: MailUser, log_in: LogIn) -> None:
    session = log_in(mail_user)
    session.create_mailbox("a/b/c", soon())
    session.rename_mailbox("a", "z", soon())
    assert {"z", "z/b", "z/b/c"} <= names(mail_user)


def refusal(do: Callable[[], None]) -> type[MailhatchError]:
    with pytest.raises(MailhatchError) as raised:
        do()
    return type(raised.value)


def test_each_refusal_has_its_own_meaning(mail_user: MailUser, log_in: LogIn) -> None:
    session = log_in(mail_user)
    session.create_mailbox("there", soon())
    session.create_mailbox("other", soon())
    assert refusal(lambda: session.create_mailbox("there", soon())) is Conflict
    first_page(session)  # this server makes the inbox when somebody looks
    assert refusal(lambda: session.create_mailbox("INBOX", soon())) is Conflict
    assert refusal(lambda: session.create_mailbox("a//b", soon())) is InvalidRequest
    assert refusal(lambda: session.create_mailbox("", soon())) is InvalidRequest
    assert refusal(lambda: session.create_mailbox("a\r\nb", soon())) is InvalidRequest
    assert refusal(lambda: session.create_mailbox("a\0b", soon())) is InvalidRequest
    assert refusal(lambda: session.create_mailbox("x" * 5_000, soon())) is InvalidRequest
    assert refusal(lambda: session.rename_mailbox("nowhere", "x", soon())) is NotFound
    assert refusal(lambda: session.rename_mailbox("there", "other", soon())) is Conflict
    assert refusal(lambda: session.rename_mailbox("there", "x\ny", soon())) is InvalidRequest
    assert refusal(lambda: session.rename_mailbox("a\rb", "x", soon())) is NotFound
    assert refusal(lambda: session.delete_mailbox("nowhere", soon())) is NotFound
    assert refusal(lambda: session.delete_mailbox("INBOX", soon())) is UpstreamRejected
    assert refusal(lambda: session.subscribe("nowhere", True, soon())) is NotFound
    session.subscribe("nowhere", False, soon())
    assert session.is_usable


def test_what_the_access_list_forbids_is_told(acl_user: MailUser, log_in: LogIn) -> None:
    session = log_in(acl_user)
    session.create_mailbox("mine", soon())
    acl_user.restrict("lr", "mine")
    fresh = log_in(acl_user)
    assert refusal(lambda: fresh.delete_mailbox("mine", soon())) is PermissionDenied
    assert refusal(lambda: fresh.rename_mailbox("mine", "yours", soon())) is PermissionDenied
    assert refusal(lambda: fresh.create_mailbox("mine/too", soon())) is PermissionDenied
    assert "mine" in names(acl_user)


@pytest.mark.parametrize("announced", ["IMAP4rev1 UNSELECT", "IMAP4rev1"])
def test_the_selected_mailbox_is_left_and_nothing_in_it_is_expunged(
    dovecot_with: Callable[..., Dovecot], log_in: LogIn, announced: str
) -> None:
    user = dovecot_with(capability=announced).add_user()
    session = log_in(user)
    session.create_mailbox("box", soon())
    session.create_mailbox("box/inner", soon())
    for box in ("box", "box/inner"):
        user.append(b"Subject: one\r\n\r\n", box)
    session.store_flags(some(session, 1, box="box/inner"), FlagEdit(("deleted",)), None, soon())
    assert session.selected == "box/inner"
    assert trips(session, lambda: session.rename_mailbox("box", "case", soon())) == 1
    assert session.selected != "box/inner"
    assert first_page(session, box="case/inner").total == 1, "leaving is not CLOSE, which expunges"
    first_page(session, box="case")
    session.delete_mailbox("case/inner", soon())
    session.delete_mailbox("case", soon())
    assert session.is_usable
    assert session.selected in {None, "INBOX"}
    assert first_page(session).total == 0
