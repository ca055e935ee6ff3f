from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.ids import Uid
from app.imap.guess import Guess, guess_from_page, guess_from_top
from app.imap.limits import PROBES
from app.imap.place import probes


def known(*uids: int) -> frozenset[Uid]:
    return frozenset(Uid(uid) for uid in uids)


def test_nothing_known_asks_for_everything() -> None:
    assert guess_from_top(known(), 100, 10) == Guess(False)
    assert guess_from_page(known(), [Uid(5)], 1) == Guess(False)


def test_all_known_asks_for_flags() -> None:
    assert guess_from_top(known(*range(91, 101)), 100, 10) == Guess(True)
    assert guess_from_page(known(1, 2, 3), [Uid(3), Uid(2)], 2) == Guess(True)


def test_gaps_do_not_matter() -> None:
    assert guess_from_top(known(100, 50, 20, 1), 100, 4) == Guess(True)


def test_what_is_newer_than_the_known_is_asked_for_besides() -> None:
    assert guess_from_top(known(*range(1, 98)), 100, 10) == Guess(True, 97)


def test_too_much_that_is_new_asks_for_everything() -> None:
    assert not guess_from_top(known(1, 2, 3), 400, 10).is_mostly_known


@given(st.integers(0, 10_000), st.integers(1, 100_000))
def test_probes_lie_between_and_narrow_the_search(below: int, gap: int) -> None:
    above = below + gap + 1
    points = probes(below, above)
    assert points == sorted(set(points))
    assert below < points[0]
    assert points[-1] < above
    assert len(points) <= PROBES
    edges = [below, *points, above]
    assert max(later - earlier - 1 for earlier, later in pairwise(edges)) <= gap // PROBES + 1
