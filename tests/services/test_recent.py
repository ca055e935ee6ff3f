from app.services.recent import Recent
from tests.support.clock import FakeClock


def test_an_entry_lives_for_its_seconds(clock: FakeClock) -> None:
    recent: Recent[str, int] = Recent(clock, 2, 10)
    recent.put("a", 1, recent.mark)
    clock.advance(1.9)
    assert recent.get("a") == 1
    clock.advance(0.1)
    assert recent.get("a") is None
    assert len(recent) == 0


def test_a_read_that_began_before_a_drop_brings_nothing_back(clock: FakeClock) -> None:
    recent: Recent[str, int] = Recent(clock, 2, 10)
    mark = recent.mark
    recent.drop("a")
    recent.put("a", 1, mark)
    assert recent.get("a") is None


def test_the_least_used_leaves_first(clock: FakeClock) -> None:
    recent: Recent[str, int] = Recent(clock, 2, 2)
    recent.put("a", 1, recent.mark)
    recent.put("b", 2, recent.mark)
    assert recent.get("a") == 1
    recent.put("c", 3, recent.mark)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)
