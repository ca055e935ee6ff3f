"""Which message is which, from look to look."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.ids import Uid
from app.domain.maildrop import KnownMessage
from app.pop3.matching import Listed, fingerprint, match, numbers_of, settle


def known(uid: int, uidl: str | None, size: int = 100, header: str = "") -> KnownMessage:
    return KnownMessage(Uid(uid), uidl, header, size)


def test_a_uidl_finds_its_message_wherever_it_stands() -> None:
    found = match([Listed(1, "b", 5), Listed(2, "a", 5)], [known(7, "a"), known(8, "b")])
    assert numbers_of(found) == {7: 2, 8: 1}
    assert not found.unsure
    assert not found.new
    assert not found.is_weak


def test_new_ones_are_new_at_once_when_nothing_is_missing() -> None:
    found = match([Listed(1, "a", 5), Listed(2, "b", 5)], [known(7, "a")])
    assert [one.number for one in found.new] == [2]
    assert not found.unsure


def test_all_uidls_changed_at_once_is_no_storm() -> None:
    before = [known(uid, f"old{uid}", header=f"f{uid}") for uid in range(1, 6)]
    found = match([Listed(number, f"new{number}", 100) for number in range(1, 7)], before)
    assert len(found.unsure) == 6
    settle(found, {number: f"f{number}" for number in range(1, 7)})
    assert numbers_of(found) == {uid: uid for uid in range(1, 6)}
    assert [one.number for one in found.new] == [6]


def test_what_was_not_read_stays_unsure() -> None:
    found = match([Listed(1, "x", 1), Listed(2, "y", 1)], [known(1, "a", header="f1")])
    settle(found, {2: "f2"})
    assert [one.number for one in found.unsure] == [1]
    assert [one.number for one in found.new] == [2]
    assert [one.uid for one in found.candidates] == [1]


def test_without_uidls_sizes_in_their_order_are_enough_until_they_differ() -> None:
    before = [known(1, None, 10, "f1"), known(2, None, 20, "f2"), known(3, None, 30, "f3")]
    found = match([Listed(1, None, 10), Listed(2, None, 30), Listed(3, None, 40)], before)
    assert found.is_weak
    assert numbers_of(found) == {1: 1}
    settle(found, {2: "f3", 3: "f4"})
    assert numbers_of(found) == {1: 1, 3: 2}
    assert [one.number for one in found.new] == [3]


def test_a_uidl_that_stands_twice_identifies_nobody() -> None:
    before = [known(1, "same", 10, "f1"), known(2, "same", 20, "f2")]
    found = match([Listed(1, "same", 20)], before)
    settle(found, {1: "f2"})
    assert numbers_of(found) == {2: 1}


def test_the_fingerprint_ignores_what_servers_rewrite() -> None:
    first = b"Received: a\r\nMessage-ID: <x@y>\r\nSubject: one\r\nStatus: O\r\n\r\n"
    second = b"Message-Id:  <x@y>\r\nSubject: one\r\nX-UIDL: 5\r\n\r\n"
    assert fingerprint(first) == fingerprint(second)
    assert fingerprint(first) != fingerprint(first.replace(b"one", b"two"))


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[int, str | None]], list[int]]:
    """Messages by an identity of their own with their UIDL, and which of them are still there."""
    uidls = draw(st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh")), max_size=8))
    messages = list(enumerate(uidls, 1))
    kept = draw(st.lists(st.sampled_from(range(1, 9)), unique=True))
    return messages, sorted(number for number in kept if number <= len(messages))


@given(history=histories(), arrivals=st.integers(0, 3), renumber=st.booleans())
def test_no_message_is_ever_taken_for_another(
    history: tuple[list[tuple[int, str | None]], list[int]], arrivals: int, renumber: bool
) -> None:
    messages, kept = history
    before = [known(uid, uidl, uid, f"f{uid}") for uid, uidl in messages]
    uidls = dict(messages)
    listed: list[Listed] = []
    truth: dict[int, int] = {}
    for number, uid in enumerate(kept, 1):
        listed.append(Listed(number, f"new{uid}" if renumber else uidls[uid], uid))
        truth[uid] = number
    listed += [Listed(len(kept) + extra, f"arrived{extra}", 1000 + extra) for extra in range(1, arrivals + 1)]
    found = match(listed, before)
    settle(found, {one.number: f"f{one.size}" for one in listed})
    assert numbers_of(found) == truth
    assert [one.number for one in found.new] == list(range(len(kept) + 1, len(kept) + arrivals + 1))
