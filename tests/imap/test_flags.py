"""Flags changed on Dovecot: what is answered is what the server has then."""

from collections.abc import Callable

import pytest

from app.domain.edits import FlagEdit, ItemState, MessageSet
from app.domain.errors import InvalidRequest, NotSupportedByServer, PermissionDenied, StaleReference
from app.domain.ids import Uid
from tests.imap.asking import LogIn, first_page, flags_of, some, trips, uidvalidity
from tests.imap.conftest import soon
from tests.support.dovecot import Dovecot, MailUser

pytestmark = pytest.mark.dovecot

DONE, GONE, CHANGED = ItemState.DONE, ItemState.GONE, ItemState.CHANGED


def test_the_answer_tells_the_flags_that_each_message_has_then(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(3)
    session = log_in(mail_user)
    outcomes = session.store_flags(some(session, 2, 1, 900), FlagEdit(("flagged", "$Done"), ("seen",)), None, soon())
    assert [(one.uid, one.state, one.flags) for one in outcomes] == [
        (2, DONE, ("$Done", "flagged")),
        (1, DONE, ("$Done", "flagged")),
        (900, GONE, None),
    ]
    assert flags_of(session) == {3: ("seen",), 2: ("$Done", "flagged"), 1: ("$Done", "flagged")}
    again = session.store_flags(some(session, 1), FlagEdit(("flagged",)), None, soon())
    assert again[0].state is DONE, "nothing to do is done too, though Dovecot does not mention the message"
    assert again[0].modseq is not None
    assert again[0].modseq == outcomes[1].modseq


def test_setting_a_flag_on_a_warm_connection_is_one_round_trip(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(5)
    session = log_in(mail_user)
    page = first_page(session)
    one = MessageSet("INBOX", page.uidvalidity, (Uid(3),))
    assert trips(session, lambda: session.store_flags(one, FlagEdit(("flagged",)), None, soon())) == 2, (
        "the first change on a connection that only read enters the mailbox for writing"
    )
    both = FlagEdit(("seen",), ("flagged",))
    assert trips(session, lambda: session.store_flags(one, both, None, soon())) == 1
    assert trips(session, lambda: first_page(session)) == 1
    session.mailboxes(soon())
    many = MessageSet("INBOX", page.uidvalidity, tuple(Uid(number) for number in range(1, 6)))
    assert trips(session, lambda: session.store_flags(many, both, None, soon())) == 1


def test_an_account_that_writes_is_entered_for_writing(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(2)
    session = log_in(mail_user)
    session.expect_writes()
    page = first_page(session)
    one = MessageSet("INBOX", page.uidvalidity, (Uid(1),))
    assert trips(session, lambda: session.store_flags(one, FlagEdit(("flagged",)), None, soon())) == 1


def test_reading_alone_leaves_recent_as_it_was(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.deliver(b"Subject: new\r\n\r\nhello\r\n")
    session = log_in(mail_user)
    assert first_page(session).total == 1
    with mail_user.client() as imap:
        assert imap.select_folder("INBOX", readonly=True)[b"RECENT"] == 1
        session.store_flags(some(session, 1), FlagEdit(("flagged",)), None, soon())
        assert imap.select_folder("INBOX", readonly=True)[b"RECENT"] == 0, "what a change costs; see decision 16"


def test_a_thousand_messages_are_few_commands_and_one_round_trip(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(2_100)
    session = log_in(mail_user)
    messages = some(session, *range(1, 2_001, 2))
    session.store_flags(some(session, 1), FlagEdit(("flagged",)), None, soon())
    outcomes: list[object] = []
    edit = FlagEdit(("answered", "work"), ("seen",))
    assert trips(session, lambda: outcomes.extend(session.store_flags(messages, edit, None, soon()))) == 1
    assert len(outcomes) == 1_000
    flags = [one.flags for one in session.store_flags(messages, FlagEdit(), None, soon())]
    assert flags == [("answered", "flagged", "work"), *[("answered", "work")] * 999]
    with mail_user.client() as imap:
        imap.select_folder("INBOX", readonly=True)
        assert imap.search(["KEYWORD", "work"]) == list(range(1, 2_001, 2))


def test_what_changed_since_is_left_alone(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(4)
    session = log_in(mail_user)
    messages = some(session, 1, 2, 3, 900)
    known = session.store_flags(messages, FlagEdit(), None, soon())[0].modseq
    assert known is not None
    mail_user.set_flags([2], ["\\Flagged"])
    mail_user.expunge([3])
    outcomes = session.store_flags(messages, FlagEdit(("answered",)), known, soon())
    assert [(one.uid, one.state, one.flags) for one in outcomes] == [
        (1, DONE, ("answered", "seen")),
        (2, CHANGED, ("flagged",)),
        (3, GONE, None),
        (900, GONE, None),
    ]
    assert flags_of(session) == {4: ("seen",), 2: ("flagged",), 1: ("answered", "seen")}


def test_adding_and_removing_hold_to_one_condition(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(2)
    session = log_in(mail_user)
    messages = some(session, 1, 2)
    known = session.store_flags(messages, FlagEdit(), None, soon())[0].modseq
    mail_user.set_flags([2], ["\\Seen", "\\Flagged"])
    edit = FlagEdit(("answered",), ("seen",))
    outcomes = session.store_flags(messages, edit, known, soon())
    assert [(one.state, one.flags) for one in outcomes] == [(DONE, ("answered",)), (CHANGED, ("flagged", "seen"))]
    assert trips(session, lambda: session.store_flags(messages, edit, outcomes[1].modseq, soon())) == 2
    assert flags_of(session) == {1: ("answered",), 2: ("answered", "flagged")}


def test_a_condition_needs_a_server_that_counts(dovecot_with: Callable[..., Dovecot], log_in: LogIn) -> None:
    user = dovecot_with(capability="IMAP4rev1").add_user()
    user.fill(1)
    session = log_in(user)
    messages = some(session, 1)
    with pytest.raises(NotSupportedByServer) as raised:
        session.store_flags(messages, FlagEdit(("seen",)), 5, soon())
    assert raised.value.capability == "conditional_flags"
    outcome = session.store_flags(messages, FlagEdit(("flagged",)), None, soon())[0]
    assert (outcome.state, outcome.flags, outcome.modseq) == (DONE, ("flagged", "seen"), None)


def test_messages_that_went_behind_our_back_are_gone(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(6)
    session = log_in(mail_user)
    messages = some(session, 1, 2, 3, 4)
    session.store_flags(messages, FlagEdit(("answered",)), None, soon())
    mail_user.expunge([1, 3])
    outcomes = session.store_flags(messages, FlagEdit(("flagged",)), None, soon())
    assert [one.state for one in outcomes] == [GONE, DONE, GONE, DONE]
    assert first_page(session).total == 4


def test_a_renumbered_or_missing_mailbox_is_never_written_to(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(2)
    mail_user.create_mailbox("Gone")
    session, other = log_in(mail_user), log_in(mail_user)
    messages = some(session, 1, 2)
    gone = MessageSet("Gone", uidvalidity(other, "Gone"), (Uid(1),))
    with mail_user.client() as imap:
        imap.delete_folder("Gone")
    mail_user.change_uidvalidity()
    fresh = log_in(mail_user)
    for stale in (messages, gone, MessageSet("INBOX", messages.uidvalidity + 7, (Uid(1),))):
        with pytest.raises(StaleReference):
            fresh.store_flags(stale, FlagEdit(("flagged",)), None, soon())
    assert fresh.is_usable
    assert set(flags_of(fresh).values()) == {("seen",)}


@pytest.mark.parametrize(
    "bad", ["a b", "a\r\nb", "", "é", "(x)", "\\Recent", "x" * 101, 'a"b', "a{5}", "*", "a]", "nil"]
)
def test_what_no_flag_can_be_never_leaves(mail_user: MailUser, log_in: LogIn, bad: str) -> None:
    mail_user.fill(1)
    session = log_in(mail_user)
    messages = some(session, 1)
    for edit in (FlagEdit((bad,)), FlagEdit((), (bad,))):
        with pytest.raises(InvalidRequest):
            session.store_flags(messages, edit, None, soon())
    assert session.is_usable
    with pytest.raises(InvalidRequest):
        session.store_flags(messages, FlagEdit(tuple(f"{number:090}" for number in range(40))), None, soon())


def test_a_read_only_mailbox_says_so(acl_user: MailUser, log_in: LogIn) -> None:
    acl_user.fill(2)
    session = log_in(acl_user)
    first_page(session)
    acl_user.restrict("lr")
    session = log_in(acl_user)
    with pytest.raises(PermissionDenied):
        session.store_flags(some(session, 1), FlagEdit(("flagged",)), None, soon())
    assert session.is_usable
    assert first_page(session).total == 2


def test_flags_that_the_access_list_forbids_are_told(acl_user: MailUser, log_in: LogIn) -> None:
    acl_user.fill(2)
    first_page(log_in(acl_user))
    acl_user.restrict("lrs")
    session = log_in(acl_user)
    messages = some(session, 1, 2)
    outcomes = session.store_flags(messages, FlagEdit(("flagged",), ("seen",)), None, soon())
    assert [(one.state, type(one.error)) for one in outcomes] == [(ItemState.FAILED, PermissionDenied)] * 2
    assert flags_of(session) == {1: ("seen",), 2: ("seen",)}
    assert session.store_flags(messages, FlagEdit((), ("seen",)), None, soon())[0].flags == ()
