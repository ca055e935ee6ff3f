"""What a look asks, and what it finds, case by case; the histories are in `test_diff_model`."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.changes import Created, Deleted, Updated
from app.domain.ids import Uid
from app.domain.looks import FlagRows, MailboxView, UidListing, UidWindow
from app.domain.snapshots import Depth, SnapshotHeader
from app.watch.diff.differ import diff
from app.watch.diff.ranges import UidSet, count, merged, windows
from app.watch.diff.steps import FetchFlags, ListUids, MailboxMoved, ReadChunks, ReadFirsts
from tests.watch.model import Client, Server, Snapshot, look, run

SEEN = ("seen",)


def watched(count: int = 3, **abilities: Any) -> tuple[Server, Snapshot]:
    """A server with some unread messages, and a snapshot that knows them."""
    server, snapshot = Server(**abilities), Snapshot()
    for _ in range(count):
        server._set(server.uidnext, ())
        server.uidnext += 1
    assert look(server, snapshot, Client())
    assert snapshot.mail() == server.mail
    server.modseq += 1
    return server, snapshot


def test_a_quiet_look_asks_the_server_once_and_the_database_nothing() -> None:
    server, snapshot = watched()
    server.modseq -= 1
    difference, asked = run(server, snapshot)
    assert asked == [FetchFlags(UidWindow(), 1)]
    assert difference.portions == ()
    assert difference.is_settled


def test_a_new_modseq_is_kept_without_a_change() -> None:
    server, snapshot = watched()
    difference, _ = run(server, snapshot)
    assert [(portion.write.header.modseq, portion.changes) for portion in difference.portions] == [(2, ())]


@pytest.mark.parametrize("abilities", [{}, {"says_vanished": False}], ids=["qresync", "condstore"])
def test_one_flag_of_fifty_thousand_reads_and_writes_one_chunk(abilities: dict[str, Any]) -> None:
    server, snapshot = watched(50_000, **abilities)
    server._set(25_500, SEEN)
    difference, asked = run(server, snapshot)
    assert asked == [FetchFlags(UidWindow(), 1), ReadFirsts(), ReadChunks((25_001,)), ReadChunks((25_001,))]
    (portion,) = difference.portions
    assert portion.changes == (Updated(Uid(25_500), (), SEEN),)
    assert [chunk.first for chunk in portion.write.chunks] == [25_001]
    assert portion.write.header.unread == 49_999


def test_what_vanished_and_came_is_told_in_one_question() -> None:
    server, snapshot = watched()
    del server.mail[2]
    server.gone[2] = server.modseq
    server._set(4, SEEN)
    difference, asked = run(server, snapshot)
    assert [type(one) for one in asked] == [FetchFlags, ReadFirsts, ReadChunks, ReadChunks]
    assert difference.portions[0].changes == (Deleted(Uid(2), ()), Created(Uid(4), SEEN))


def test_without_qresync_the_count_tells_that_something_is_gone() -> None:
    server, snapshot = watched(says_vanished=False)
    del server.mail[2]
    server._set(4, ())
    difference, asked = run(server, snapshot)
    assert sum(isinstance(one, ListUids) for one in asked) == 1
    assert difference.portions[0].changes == (Deleted(Uid(2), ()), Created(Uid(4), ()))


def test_an_arrival_alone_needs_no_list_of_uids() -> None:
    server, snapshot = watched(says_vanished=False)
    server._set(4, ())
    _, asked = run(server, snapshot)
    assert not any(isinstance(one, ListUids) for one in asked)


def test_vanished_over_every_number_there_is_costs_no_time() -> None:
    server, snapshot = watched()
    server.mail.clear()
    steps = diff(snapshot.header)
    next(steps)
    everything = ((1, 4_294_967_295),)
    steps.send(FlagRows(server.view(), (), everything))
    steps.send((1,))
    steps.send(tuple(snapshot.chunks.values()))
    with pytest.raises(StopIteration) as end:
        steps.send(tuple(snapshot.chunks.values()))
    (portion,) = end.value.value.portions
    assert [change.uid for change in portion.changes] == [1, 2, 3]
    assert portion.write.dropped == (1,)


def test_a_reset_is_one_portion_and_no_storm() -> None:
    server, snapshot = watched(5000)
    server.renumber()
    difference, _ = run(server, snapshot)
    assert difference.is_reset
    (portion,) = difference.portions
    assert portion.changes == ()
    assert portion.write.clears
    assert portion.write.header.uidvalidity == 2
    snapshot.commit(portion.write)
    assert snapshot.mail() == server.mail
    assert not run(server, snapshot)[0].is_reset


@pytest.mark.parametrize("modseq", [None, 1], ids=["plain", "changed"])
def test_a_mailbox_that_is_numbered_anew_in_the_middle_is_left_alone(modseq: int | None) -> None:
    server, snapshot = watched(has_modseq=modseq is not None)
    view, other = server.view(), replace(server.view(), uidvalidity=2)
    steps = diff(snapshot.header)
    if next(steps) == ListUids():
        steps.send(UidListing(view, ((1, 3),)))
        steps.send((1,))
        steps.send(tuple(snapshot.chunks.values()))
        late: Any = FlagRows(other, (), None)
    else:
        steps.send(FlagRows(replace(view, total=2), ((Uid(1), SEEN),), None))
        steps.send((1,))
        steps.send(tuple(snapshot.chunks.values()))
        late = UidListing(other, ((1, 2),))
    with pytest.raises(MailboxMoved):
        steps.send(late)


def test_a_mailbox_that_was_never_looked_at_announces_nothing_whatever_its_size() -> None:
    server, snapshot = Server(), Snapshot()
    server.mail = dict.fromkeys(range(1, 12001), ())
    difference, asked = run(server, snapshot)
    assert [one.window for one in asked if isinstance(one, FetchFlags)] == [
        UidWindow(1, 5000), UidWindow(5001, 10_000), UidWindow(10_001, None),
    ]  # fmt: skip
    (portion,) = difference.portions
    assert portion.changes == ()
    assert [chunk.first for chunk in portion.write.chunks] == list(range(1, 12_000, 1000))


def test_a_mailbox_that_appears_later_announces_its_messages_some_at_a_time() -> None:
    server, client = Server(), Client()
    snapshot = Snapshot(SnapshotHeader(1, "new", ("new",), None, Depth.MESSAGES, is_scanned=True))
    server.mail = dict.fromkeys(range(1, 3501), SEEN)
    difference, _ = run(server, snapshot)
    assert [len(portion.changes) for portion in difference.portions] == [1000, 1000, 1000, 500]
    assert [portion.write.header.modseq for portion in difference.portions] == [None, None, None, 1]
    assert look(server, snapshot, client)
    assert client.mail == server.mail


def test_an_empty_mailbox_is_not_asked_for_its_messages() -> None:
    server, snapshot = Server(has_modseq=False), Snapshot()
    difference, asked = run(server, snapshot)
    assert asked == [ListUids()]
    snapshot.commit(difference.portions[0].write)
    assert run(server, snapshot)[1] == [ListUids(), ReadFirsts()]


def test_a_row_that_could_not_be_read_is_asked_for_again() -> None:
    server, snapshot = watched()
    server._set(2, SEEN)
    server.breaks_rows = 1.0
    difference, _ = run(server, snapshot)
    assert difference.portions == ()  # above all: the new MODSEQ is not kept
    server.breaks_rows = 0.0
    assert run(server, snapshot)[0].portions[0].changes == (Updated(Uid(2), (), SEEN),)


def test_ranges() -> None:
    assert merged([(5, 6), (1, 2), (3, 3), (6, 9)]) == ((1, 3), (5, 9))
    assert count(((1, 3), (5, 9))) == 8
    some = UidSet([(5, 9), (1, 3)])
    assert [uid for uid in range(12) if uid in some] == [1, 2, 3, 5, 6, 7, 8, 9]
    assert [some.touches(4, 4), some.touches(4, 5), some.touches(10, None), some.touches(9, None)] == [
        False, True, False, True,
    ]  # fmt: skip
    assert list(windows(((10, 12), (20, 21), (30, 30)), 2)) == [UidWindow(1, 11), UidWindow(12, 20), UidWindow(21)]


def test_a_view_is_told_as_it_was_before_the_look() -> None:
    server, snapshot = watched(has_modseq=False)
    assert snapshot.header.modseq is None
    assert MailboxView(1, 4, None, 3) == server.view()
