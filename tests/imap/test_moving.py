"""Moving, copying and erasing on Dovecot, with what it offers switched off one by one: the ends are the same."""

from collections.abc import Callable

import pytest

from app.domain.edits import FlagEdit, ItemState, MessageSet, MoveReport
from app.domain.errors import Conflict, NotFound, PermissionDenied, QuotaExceeded, StaleReference
from app.domain.ids import Uid
from tests.imap.asking import LogIn, first_page, flags_of, some, trips, uids, uidvalidity
from tests.imap.conftest import soon
from tests.support.dovecot import Dovecot, MailUser

pytestmark = pytest.mark.dovecot

DONE, GONE, FAILED = ItemState.DONE, ItemState.GONE, ItemState.FAILED

#: What is announced, and the round trips of moving and erasing on a warm connection.
SERVERS = {
    "all": ("IMAP4rev1 UIDPLUS MOVE CONDSTORE LITERAL+ UNSELECT", 1, 1),
    "no MOVE": ("IMAP4rev1 UIDPLUS CONDSTORE", 2, 1),
    "no UIDPLUS": ("IMAP4rev1 MOVE", 1, 3),
    "neither": ("IMAP4rev1", 4, 3),
}
each_server = pytest.mark.parametrize(("announced", "move_trips", "erase_trips"), SERVERS.values(), ids=SERVERS)


@pytest.fixture
def user(dovecot_with: Callable[..., Dovecot], announced: str) -> MailUser:
    return dovecot_with(capability=announced).add_user()


def states(report: MoveReport) -> list[tuple[int, ItemState]]:
    return [(item.uid, item.state) for item in report.items]


@each_server
def test_moved_messages_are_there_and_no_longer_here(
    user: MailUser, log_in: LogIn, announced: str, move_trips: int, erase_trips: int
) -> None:
    user.fill(6)
    user.set_flags([4], ["\\Flagged", "work"])
    user.append(b"Subject: first\r\n\r\n", "Trash")
    session = log_in(user)
    messages = some(session, 5, 2, 4, 900)
    session.store_flags(messages, FlagEdit(), None, soon())
    reports: list[MoveReport] = []
    assert trips(session, lambda: reports.append(session.move(messages, "Trash", soon()))) == move_trips
    assert states(reports[0]) == [(5, DONE), (2, DONE), (4, DONE), (900, GONE)]
    assert uids(first_page(session)) == [6, 3, 1]
    trash = first_page(session, box="Trash")
    subjects = {row.uid: row.facts.subject for row in trash.rows if row.facts}
    assert reports[0].uidvalidity == trash.uidvalidity
    moved = {item.target: f"Message number {item.uid - 1}" for item in reports[0].items[:3]}
    assert {uid: subjects[uid] for uid in moved if uid} == moved
    target = reports[0].items[2].target
    assert target is not None
    assert flags_of(session, "Trash")[target] == ("flagged", "work"), "no mark of a deletion comes along"


@each_server
def test_copied_messages_are_in_both(
    user: MailUser, log_in: LogIn, announced: str, move_trips: int, erase_trips: int
) -> None:
    user.fill(3)
    session = log_in(user)
    messages = some(session, 3, 900, 1)
    reports: list[MoveReport] = []
    assert trips(session, lambda: reports.append(session.copy(messages, "Sent", soon()))) == 1
    assert states(reports[0]) == [(3, DONE), (900, GONE), (1, DONE)]
    assert [item.target for item in reports[0].items] == [2, None, 1]
    assert uids(first_page(session)) == [3, 2, 1]
    assert first_page(session, box="Sent").total == 2


@each_server
def test_erased_messages_are_gone_and_nothing_else_is(
    user: MailUser, log_in: LogIn, announced: str, move_trips: int, erase_trips: int
) -> None:
    user.fill(6)
    session = log_in(user)
    messages = some(session, 5, 900, 2)
    session.store_flags(messages, FlagEdit(), None, soon())
    reports: list[MoveReport] = []
    assert trips(session, lambda: reports.append(session.erase(messages, soon()))) == erase_trips
    assert states(reports[0]) == [(5, DONE), (900, GONE), (2, DONE)]
    assert uids(first_page(session)) == [6, 4, 3, 1]
    assert user.uids() == [1, 3, 4, 6]


@each_server
def test_what_others_marked_as_deleted_is_never_expunged(
    user: MailUser, log_in: LogIn, announced: str, move_trips: int, erase_trips: int
) -> None:
    user.fill(4)
    session = log_in(user)
    messages = some(session, 1, 2)
    session.store_flags(messages, FlagEdit(), None, soon())
    user.set_flags([3], ["\\Deleted"])
    erased = session.erase(MessageSet("INBOX", messages.uidvalidity, (Uid(1),)), soon())
    moved = session.move(MessageSet("INBOX", messages.uidvalidity, (Uid(2),)), "Trash", soon())
    assert 3 in user.uids()
    if "UIDPLUS" in announced:
        assert states(erased) + states(moved) == [(1, DONE), (2, DONE)]
        assert user.uids() == [3, 4]
        return
    assert states(erased) == [(1, FAILED)]
    assert isinstance(erased.items[0].error, Conflict)
    assert flags_of(session)[1] == ("deleted", "seen")
    if "MOVE" in announced:
        assert states(moved) == [(2, DONE)]
    else:
        assert states(moved) == [(2, FAILED)]
        assert moved.items[0].target == 1, "the outcome names the copy that was made"
        assert flags_of(session)[2] == ("deleted", "seen")


@each_server
def test_messages_that_went_behind_our_back_cost_only_themselves(
    user: MailUser, log_in: LogIn, announced: str, move_trips: int, erase_trips: int
) -> None:
    """Dovecot refuses the whole set (EXPUNGEISSUED) while this connection has not heard of the expunge."""
    user.fill(12)
    session = log_in(user)
    messages = some(session, *range(1, 5))
    session.store_flags(messages, FlagEdit(), None, soon())
    user.expunge([1, 2])
    assert states(session.move(messages, "Trash", soon())) == [(1, GONE), (2, GONE), (3, DONE), (4, DONE)]
    user.expunge([5])
    copied = session.copy(MessageSet("INBOX", messages.uidvalidity, (Uid(5), Uid(6))), "Trash", soon())
    assert states(copied) == [(5, GONE), (6, DONE)]
    user.expunge([7])
    erased = session.erase(MessageSet("INBOX", messages.uidvalidity, (Uid(7), Uid(8))), soon())
    assert [item.state for item in erased.items][1] is DONE
    assert erased.items[0].state in {DONE, GONE}, "gone either way"
    assert first_page(session).total == 5
    assert first_page(session, box="Trash").total == 3


@each_server
def test_a_target_that_is_not_there_changes_nothing(
    user: MailUser, log_in: LogIn, announced: str, move_trips: int, erase_trips: int
) -> None:
    user.fill(2)
    session = log_in(user)
    messages = some(session, 1, 2)
    for target in ("Nowhere", "a\r\nM9 LOGOUT", "a\0b"):
        with pytest.raises(NotFound):
            session.move(messages, target, soon())
        with pytest.raises(NotFound):
            session.copy(messages, target, soon())
    assert session.is_usable
    assert user.uids() == [1, 2]


def test_two_thousand_messages_are_moved_in_one_round_trip(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(4_000)
    session = log_in(mail_user)
    messages = some(session, *range(1, 4_000, 2))
    session.store_flags(some(session, 1), FlagEdit(), None, soon())
    reports: list[MoveReport] = []
    assert trips(session, lambda: reports.append(session.move(messages, "Trash", soon()))) == 1
    assert {item.state for item in reports[0].items} == {DONE}
    assert [item.target for item in reports[0].items] == list(range(1, 2_001))
    assert mail_user.uids() == list(range(2, 4_001, 2))


def test_a_renumbered_mailbox_is_never_emptied(mail_user: MailUser, log_in: LogIn) -> None:
    mail_user.fill(2)
    session = log_in(mail_user)
    stale = MessageSet("INBOX", uidvalidity(session) + 1, (Uid(1),))
    acts: list[Callable[[], MoveReport]] = [
        lambda: session.erase(stale, soon()),
        lambda: session.move(stale, "Trash", soon()),
        lambda: session.copy(stale, "Trash", soon()),
        lambda: session.erase(MessageSet("Nowhere", 1, (Uid(1),)), soon()),
    ]
    for act in acts:
        with pytest.raises(StaleReference):
            act()
    assert mail_user.uids() == [1, 2]


def test_a_full_mailbox_says_so_and_loses_nothing(quota_user: MailUser, log_in: LogIn) -> None:
    quota_user.append(b"Subject: big\r\n\r\n" + b"x" * 70_000)
    session = log_in(quota_user)
    copied = session.copy(some(session, 1), "Trash", soon())
    assert [(item.state, type(item.error)) for item in copied.items] == [(FAILED, QuotaExceeded)]
    moved = session.move(some(session, 1), "Trash", soon())
    assert [item.state for item in moved.items] == [DONE], "a move takes no more room"


@pytest.mark.parametrize(("rights", "verb"), [("lrs", "erase"), ("lrs", "move"), ("lrst", "erase"), ("lr", "move")])
def test_what_the_access_list_forbids_is_told(acl_user: MailUser, log_in: LogIn, rights: str, verb: str) -> None:
    acl_user.fill(2)
    first_page(log_in(acl_user))
    acl_user.restrict(rights)
    session = log_in(acl_user)
    messages = some(session, 1, 2)
    errors: list[object] = []
    try:
        report = session.erase(messages, soon()) if verb == "erase" else session.move(messages, "Trash", soon())
        assert [item.state for item in report.items] == [FAILED] * 2
        errors += [type(item.error) for item in report.items]
    except PermissionDenied as error:
        errors.append(type(error))
    assert set(errors) == {PermissionDenied}
    assert session.is_usable
    assert acl_user.uids() == [1, 2]


def test_a_target_that_may_not_be_written_to(acl_user: MailUser, log_in: LogIn) -> None:
    acl_user.fill(2)
    session = log_in(acl_user)
    first_page(session, box="Trash")
    acl_user.restrict("lr", "Trash")
    fresh = log_in(acl_user)
    copied = fresh.copy(some(fresh, 1), "Trash", soon())
    assert [(item.state, type(item.error)) for item in copied.items] == [(FAILED, PermissionDenied)]
