"""What a list of mailboxes is announced with."""

from dataclasses import replace
from typing import Any

from app.domain.events import EventType
from app.domain.mailbox import MailboxFacts, Role
from app.domain.snapshots import Depth, SnapshotHeader
from app.watch.mailboxes import ListedMailbox, compare_tree


def listed(row: int, name: str, **facts: Any) -> ListedMailbox:
    told = {"messages": 3, "unseen": 1, "uidvalidity": 7, "modseq": 5} | facts
    role = Role.INBOX if name == "INBOX" else None
    return ListedMailbox(row, (name,), role, MailboxFacts(name, "/", None, True, True, **told))


def depth_of(mailbox: ListedMailbox) -> Depth:
    return Depth.MESSAGES if mailbox.role is Role.INBOX else Depth.COUNTS


INBOX, BOX = listed(1, "INBOX"), listed(2, "a")
KNOWN_INBOX = SnapshotHeader(1, "INBOX", ("INBOX",), Role.INBOX, Depth.MESSAGES, 7, 9, 5, 3, 1, 3, True, 1)
KNOWN_BOX = SnapshotHeader(2, "a", ("a",), None, Depth.COUNTS, 7, None, None, 3, 1, 0, False, 1)


def told(known: list[SnapshotHeader], now: list[ListedMailbox], *, is_first: bool = False) -> list[EventType]:
    return [event.type for event in compare_tree(known, now, depth_of, is_first=is_first).events]


def test_a_first_sight_announces_nothing_and_looks_at_the_inbox() -> None:
    found = compare_tree([], [INBOX, BOX], depth_of, is_first=True)
    assert found.events == ()
    assert found.to_look_at == (1,)
    assert [write.header.is_scanned for write in found.written] == [False, False]


def test_nothing_new_writes_nothing_and_asks_nothing() -> None:
    found = compare_tree([KNOWN_INBOX, KNOWN_BOX], [INBOX, BOX], depth_of, is_first=False)
    assert (found.written, found.gone, found.events, found.to_look_at) == ((), (), (), ())


def test_a_mailbox_that_appears_later_is_told_and_its_messages_will_be() -> None:
    assert told([KNOWN_INBOX], [INBOX, BOX]) == [EventType.MAILBOX_CREATED]
    found = compare_tree([KNOWN_BOX], [INBOX, BOX], depth_of, is_first=False)
    assert found.to_look_at == (1,)
    assert found.written[0].header.is_scanned


def test_what_happens_to_a_mailbox_is_told() -> None:
    both = [KNOWN_INBOX, KNOWN_BOX]
    assert told(both, [INBOX]) == [EventType.MAILBOX_DELETED]
    assert told(both, [INBOX, listed(2, "b")]) == [EventType.MAILBOX_UPDATED]
    assert told(both, [INBOX, listed(2, "a", unseen=0)]) == [EventType.MAILBOX_UPDATED]
    assert told(both, [INBOX, listed(2, "a", uidvalidity=8)]) == [EventType.MAILBOX_RESET]


def test_a_mailbox_without_modseq_is_always_looked_at() -> None:
    known = [replace(KNOWN_INBOX, modseq=None)]
    assert compare_tree(known, [listed(1, "INBOX", modseq=None)], depth_of, is_first=False).to_look_at == (1,)


def test_another_servers_mailboxes_are_told_as_gone_and_the_new_ones_as_new() -> None:
    events = told([KNOWN_BOX], [listed(5, "INBOX")], is_first=True)
    assert events == [EventType.MAILBOX_CREATED, EventType.MAILBOX_DELETED]
