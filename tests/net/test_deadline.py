import socket
import time

import pytest

from app.domain.errors import UpstreamTimeout
from app.net.deadline import remaining, wait_readable, wait_writable


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_remaining_counts_down_to_the_deadline(still_clock: list[float]) -> None:
    assert remaining(1002.5) == 2.5
    still_clock[0] = 1002.0
    assert remaining(1002.5) == 0.5


@pytest.mark.parametrize("past", [0.0, 0.001, 900.0])
def test_no_time_left_is_a_timeout(still_clock: list[float], past: float) -> None:
    with pytest.raises(UpstreamTimeout):
        remaining(1000.0 - past)


def test_waiting_ends_when_there_is_something_to_do_and_at_the_deadline() -> None:
    here, there = socket.socketpair()
    with here, there:
        wait_writable(here, time.monotonic() + 5)
        with pytest.raises(UpstreamTimeout):
            wait_readable(here, time.monotonic() + 0.02)
        there.send(b"x")
        wait_readable(here, time.monotonic() + 5)
