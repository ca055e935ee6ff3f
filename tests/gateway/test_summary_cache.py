import gc
import random
import threading
import tracemalloc
from collections.abc import Iterator

import pytest

from app.domain.ids import AccountId, Uid
from app.domain.query import MessageAddress
from app.gateway.structure_cache import StructureCache
from app.gateway.summary_cache import SummaryCache
from tests.gateway.samples import message, summary

A, B = AccountId("acc_a"), AccountId("acc_b")


def fill(cache: SummaryCache, account: AccountId, uids: range, mailbox: str = "INBOX", uidvalidity: int = 1) -> None:
    cache.learn(account, mailbox, uidvalidity, [summary(uid) for uid in uids], with_preview=False)


def uids_known(
    cache: SummaryCache, account: AccountId, mailbox: str = "INBOX", with_preview: bool = False
) -> list[int]:
    known = cache.known(account, mailbox, with_preview)
    return [uid for uid in range(1, 100) if uid in known]


def test_what_was_learned_is_known_in_its_own_mailbox_and_account_alone() -> None:
    cache = SummaryCache(1_000_000)
    fill(cache, A, range(1, 4))
    assert uids_known(cache, A) == [1, 2, 3]
    assert uids_known(cache, A, "Sent") == []
    assert uids_known(cache, B) == []
    known = cache.known(A, "INBOX", False)
    assert (len(known), known.uidvalidity) == (3, 1)
    assert "no uid" not in known


def test_another_uidvalidity_ends_what_was_known_before() -> None:
    cache = SummaryCache(1_000_000)
    fill(cache, A, range(1, 4))
    fill(cache, A, range(10, 12), uidvalidity=2)
    assert uids_known(cache, A) == [10, 11]
    assert cache.known(A, "INBOX", False).uidvalidity == 2
    assert len(cache) == 2


def test_a_summary_without_preview_is_not_known_to_who_wants_one_and_none_can_be_an_answer() -> None:
    cache = SummaryCache(1_000_000)
    fill(cache, A, range(1, 3))
    assert uids_known(cache, A, with_preview=True) == []
    cache.learn(A, "INBOX", 1, [summary(1, preview="Hello"), summary(2)], with_preview=True)
    known = cache.known(A, "INBOX", True)
    assert Uid(1) in known
    assert Uid(2) in known
    first = known.get(Uid(1))
    assert first is not None
    assert first.preview == "Hello"
    fill(cache, A, range(1, 2))  # told again without: the preview stays
    assert uids_known(cache, A, with_preview=True) == [1, 2]


def test_a_preview_is_not_shown_to_who_did_not_ask() -> None:
    cache = SummaryCache(1_000_000)
    cache.learn(A, "INBOX", 1, [summary(1, preview="Hello")], with_preview=True)
    known = cache.known(A, "INBOX", False)
    assert Uid(1) in known
    facts = known.get(Uid(1))
    assert facts is not None
    assert facts.preview is None
    assert facts == summary(1)


def test_the_least_recently_used_go_first() -> None:
    cache = SummaryCache(20_000)
    fill(cache, A, range(1, 6))
    cache.touch(A, "INBOX", [Uid(1), Uid(2)])
    cache.learn(A, "INBOX", 1, [summary(50, size=1)], with_preview=False)
    while 3 in uids_known(cache, A):
        cache.learn(A, "INBOX", 1, [summary(60 + len(cache))], with_preview=False)
    assert uids_known(cache, A)[:2] == [1, 2]
    assert cache.size <= 20_000


def test_what_was_told_to_be_known_is_kept_for_the_answer_though_it_is_evicted() -> None:
    cache = SummaryCache(1_000_000)
    fill(cache, A, range(1, 3))
    known = cache.known(A, "INBOX", False)
    assert Uid(1) in known
    cache.forget(A)
    assert known.get(Uid(1)) == summary(1)
    assert Uid(2) not in known
    assert known.get(Uid(2)) is None


def test_forgetting_an_account_leaves_nothing_of_it() -> None:
    cache = SummaryCache(1_000_000)
    for mailbox in ("INBOX", "Sent"):
        fill(cache, A, range(1, 20), mailbox)
    cache.forget(A)
    assert (len(cache), cache.size) == (0, 0)
    assert cache._shelves == {}


def test_a_budget_of_nothing_keeps_nothing() -> None:
    cache = SummaryCache(0)
    fill(cache, A, range(1, 20))
    assert (len(cache), cache.size, cache._shelves) == (0, 0, {})
    assert cache.misses == 19


def test_hits_and_misses_are_counted() -> None:
    cache = SummaryCache(1_000_000)
    fill(cache, A, range(1, 6))
    cache.touch(A, "INBOX", [Uid(1), Uid(2)])
    assert (cache.hits, cache.misses) == (2, 5)


def test_the_books_stay_true_whatever_happens() -> None:
    source = random.Random(7)
    cache = SummaryCache(60_000)
    for _ in range(1500):
        account = source.choice([A, B])
        mailbox = source.choice(["INBOX", "Sent"])
        match source.randrange(8):
            case 0:
                cache.forget(account)
            case 1:
                cache.touch(account, mailbox, [Uid(source.randrange(1, 60))])
            case _:
                told = [summary(source.randrange(1, 60), preview=source.choice([None, "p" * 200])) for _ in range(5)]
                cache.learn(account, mailbox, source.choice([1, 1, 1, 2]), told, source.random() < 0.5)
        shelves = [shelf for mailboxes in cache._shelves.values() for shelf in mailboxes.values()]
        entries = [entry for shelf in shelves for entry in shelf.entries.values()]
        assert len(entries) == len(cache)
        assert all(shelf.entries for shelf in shelves)
        assert cache.size == sum(entry.cost for entry in entries) + 900 * len(shelves)
        assert cache.size <= 60_000
        assert all(cache._shelves.values())


def test_asking_from_another_thread_while_the_cache_changes_never_fails() -> None:
    cache = SummaryCache(200_000)
    fill(cache, A, range(1, 90))
    stop = threading.Event()
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            while not stop.is_set():
                known = cache.known(A, "INBOX", False)
                for uid in range(1, 200):
                    if uid in known:
                        facts = known.get(Uid(uid))
                        assert facts is not None
                        assert facts.uid == uid
        except BaseException as error:  # noqa: BLE001  # handed to the test
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    for round_ in range(150):
        fill(cache, A, range(round_, round_ + 60), uidvalidity=1 + round_ // 40)
        if round_ % 20 == 0:
            cache.forget(A)
    stop.set()
    thread.join()
    assert failures == []


@pytest.fixture
def traced() -> Iterator[None]:
    gc.freeze()  # what other tests left is looked through by no collection here
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.unfreeze()


@pytest.mark.parametrize("mailboxes", [1, 40])
@pytest.mark.parametrize("with_preview", [False, True])
@pytest.mark.usefixtures("traced")
def test_memory_is_what_the_budget_says(mailboxes: int, with_preview: bool) -> None:
    budget = 3_000_000
    cache = SummaryCache(budget)
    before = tracemalloc.get_traced_memory()[0]
    for page in range(70):
        told = [summary(page * 50 + n, preview=f"{page}-{n} " + "x" * 150 if with_preview else None) for n in range(50)]
        cache.learn(A, f"Mailbox {page % mailboxes}", 1, told, with_preview)
        del told
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    assert len(cache) < 3500  # it was full
    assert used <= 1.3 * budget
    assert used >= 0.6 * budget  # and not by keeping next to nothing


@pytest.mark.usefixtures("traced")
def test_memory_of_structures_is_what_the_budget_says() -> None:
    cache = StructureCache(2_000_000, 500_000)
    before = tracemalloc.get_traced_memory()[0]
    for uid in range(1, 600):
        cache.put(A, MessageAddress("INBOX", 1, Uid(uid)), message(uid))
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    assert len(cache) < 599
    assert 0.6 * 2_000_000 <= used <= 1.3 * 2_000_000


def test_structures_are_dropped_by_message_by_account_and_by_age() -> None:
    cache = StructureCache(50_000, 20_000)
    addresses = [MessageAddress("INBOX", 1, Uid(uid)) for uid in range(1, 20)]
    for address in addresses:
        cache.put(A, address, message(address.uid))
        assert cache.get(A, addresses[0]) is not None  # in use, so it stays
    assert cache.size <= 50_000
    assert cache.get(A, addresses[1]) is None
    assert cache.get(B, addresses[0]) is None
    cache.put(B, addresses[0], message(1, headers=1000))
    assert cache.get(B, addresses[0]) is None  # too large to keep
    cache.drop(A, addresses[0])
    assert cache.get(A, addresses[0]) is None
    cache.forget(A)
    assert (len(cache), cache.size) == (0, 0)
    assert (cache.hits, cache.misses) == (19, 4)
