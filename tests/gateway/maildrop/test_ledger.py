"""What looks mean: nothing lost, nothing invented, whatever the server tells of its messages."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ids import Uid
from app.domain.maildrop import Arrival, HeaderBlock, KnownMessage, Look, MaildropHeader, StoredMessage, Survey
from app.gateway.maildrop.ledger import judge, to_compare
from app.pop3.matching import Listed, match, settle

HEADER = MaildropHeader(7, 10, 1, "uidl", 0.0, 0)


def known(uid: int, uidl: str | None = "", print_: str = "f") -> KnownMessage:
    return KnownMessage(Uid(uid), f"u{uid}" if uidl == "" else uidl, print_, 100)


def stored(uid: int, uidl: str | None = "", *, missed: int = 0, is_gone: bool = False) -> StoredMessage:
    return StoredMessage(known(uid, uidl), missed, is_gone)


def numbers() -> Callable[[], Uid]:
    counter = itertools.count(10)
    return lambda: Uid(next(counter))


def look(before: list[StoredMessage], survey: Survey, header: MaildropHeader = HEADER) -> Look:
    return judge(header, before, survey, 50.0, numbers())


def survey(
    *present: KnownMessage, arrivals: tuple[Arrival, ...] = (), unsure: int = 0, is_weak: bool = False,
    is_partial: bool = False,
) -> Survey:  # fmt: skip
    return Survey(present, {}, arrivals, unsure, unsure, "weak" if is_weak else "uidl", is_partial)


def test_a_message_with_a_uidl_that_is_not_listed_is_gone() -> None:
    found = look([stored(1), stored(2)], survey(known(1)))
    assert (found.gone, found.missed) == ((2,), ())


def test_a_weak_one_is_missed_first_and_gone_the_second_time() -> None:
    first = look([stored(1, None), stored(2)], survey(known(2), is_weak=True))
    assert (first.gone, first.missed) == ((), (1,))
    second = look([stored(1, None, missed=1), stored(2)], survey(known(2), is_weak=True))
    assert (second.gone, second.missed) == ((1,), ())


def test_one_that_is_seen_again_is_no_longer_missed() -> None:
    found = look([stored(1, None, missed=1)], survey(known(1, None), is_weak=True))
    assert found.known == (known(1, None),)
    assert not found.missed


@pytest.mark.parametrize("doubt", ["unsure", "partial"])
def test_nothing_is_gone_while_absence_means_nothing(doubt: str) -> None:
    found = look([stored(1)], survey(unsure=1 if doubt == "unsure" else 0, is_partial=doubt == "partial"))
    assert (found.gone, found.missed) == ((), ())


def test_a_relisted_message_returns_under_its_number() -> None:
    found = look([stored(1, is_gone=True)], survey(known(1, print_="")))
    assert found.returned == (1,)
    assert found.known == (known(1),)
    assert not found.new


def test_arrivals_get_numbers_in_their_order_read_or_not() -> None:
    block = HeaderBlock(b"Subject: hi\r\n", "p", is_cut=False)
    found = look([], survey(arrivals=(Arrival("a", 5, None), Arrival("b", 6, block))))
    assert [(one.known.uid, one.known.uidl, one.known.fingerprint) for one in found.new] == [
        (10, "a", ""),
        (11, "b", "p"),
    ]
    assert [one.facts and one.facts.subject for one in found.new] == [None, "hi"]


def test_tombstones_are_found_by_their_uidl_alone() -> None:
    assert to_compare([stored(1, is_gone=True), stored(2, None, is_gone=True), stored(3)]) == (
        known(1, print_=""), known(3),
    )  # fmt: skip


STEPS = st.lists(
    st.one_of(
        st.just("arrive"), st.tuples(st.just("delete"), st.integers(0, 20)), st.just("look"), st.just("renumber")
    ),
    max_size=30,
)


@given(steps=STEPS, style=st.sampled_from(["uidl", "none"]))
def test_after_the_last_looks_the_ledger_is_the_maildrop(steps: list[str | tuple[str, int]], style: str) -> None:
    """A maildrop lives, and is looked at now and then; in the end three looks make the ledger equal to it."""
    maildrop: list[tuple[int, str | None]] = []  # identity, which is also the fingerprint and the size; UIDL
    ledger: dict[int, tuple[StoredMessage, int]] = {}
    serial, next_uid, epoch = itertools.count(1), itertools.count(1), 0
    announced: list[int] = []

    def take_a_look() -> None:
        listed = [Listed(number, uidl, identity) for number, (identity, uidl) in enumerate(maildrop, 1)]
        before = [entry for entry, _ in ledger.values()]
        found = match(listed, to_compare(before))
        prints = {one.number: f"f{one.size}" for one in (*found.new, *found.unsure)}
        settle(found, prints)
        by_number = {one.number: one for one in listed}
        present = tuple(
            KnownMessage(one.uid, by_number[n].uidl, one.fingerprint, by_number[n].size)
            for n, one in sorted(found.numbers.items())
        )
        arrivals = tuple(
            Arrival(one.uidl, one.size, HeaderBlock(b"", f"f{one.size}", is_cut=False)) for one in found.new
        )
        result = judge(
            HEADER, before, Survey(present, {}, arrivals, 0, 0, "weak" if found.is_weak else "uidl", False), 1.0,
            lambda: Uid(next(next_uid)),
        )  # fmt: skip
        for one in result.known:
            ledger[one.uid] = (StoredMessage(one, 0, False), ledger[one.uid][1])
        for uid in result.missed:
            entry, identity = ledger[uid]
            ledger[uid] = (StoredMessage(entry.known, entry.missed + 1, False), identity)
        for uid in result.gone:
            entry, identity = ledger[uid]
            ledger[uid] = (StoredMessage(entry.known, 0, True), identity)
        for message in result.new:
            announced.append(message.known.size)
            ledger[message.known.uid] = (StoredMessage(message.known, 0, False), message.known.size)

    for step in steps:
        if step == "arrive":
            identity = next(serial)
            maildrop.append((identity, f"{epoch}-{identity}" if style == "uidl" else None))
        elif step == "look":
            take_a_look()
        elif step == "renumber" and style == "uidl":
            epoch += 1
            maildrop = [(identity, f"{epoch}-{identity}") for identity, _ in maildrop]
        elif isinstance(step, tuple) and maildrop:
            del maildrop[step[1] % len(maildrop)]
    for _ in range(3):
        take_a_look()
    living = sorted(identity for entry, identity in ledger.values() if not entry.is_gone)
    assert living == sorted(identity for identity, _ in maildrop)
    assert len(announced) == len(set(announced)), "a message was announced twice"
