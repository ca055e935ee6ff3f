import asyncio
import logging

import pytest

from app.telemetry.health import Health, LoopLag, ReadyReport
from app.telemetry.metrics import Metrics


async def _fine() -> None:
    return None


async def _broken() -> None:
    raise ValueError("password of the database")


async def _hanging() -> None:
    await asyncio.Event().wait()


async def test_without_checks_it_is_ready_and_live() -> None:
    health = Health()
    assert await health.ready() == ReadyReport(True, {})
    assert health.is_live
    assert not health.is_draining


async def test_each_check_is_told_by_name_and_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    health = Health(timeout=0.02)
    health.add("database", _broken)
    health.add("mail", _hanging)
    health.add("cache", _fine)
    with caplog.at_level(logging.WARNING):
        report = await health.ready()
    assert report == ReadyReport(False, {"database": "failed", "mail": "timed out", "cache": "ok"})
    assert health.is_live
    assert "database failed" in caplog.text


async def test_checks_run_side_by_side() -> None:
    health = Health(timeout=5)
    first, second = asyncio.Event(), asyncio.Event()

    async def one() -> None:
        first.set()
        await second.wait()

    async def other() -> None:
        second.set()
        await first.wait()

    health.add("one", one)
    health.add("other", other)
    assert (await health.ready()).ok


async def test_a_check_that_recovers_is_ready_again() -> None:
    health = Health()
    health.add("database", _broken)
    assert not (await health.ready()).ok
    health.add("database", _fine)
    assert await health.ready() == ReadyReport(True, {"database": "ok"})


async def test_draining_asks_for_no_more_traffic_and_for_no_restart() -> None:
    health = Health()
    health.add("database", _fine)
    health.begin_draining()
    assert health.is_draining
    assert await health.ready() == ReadyReport(False, {"database": "ok", "draining": "draining"})
    assert health.is_live


async def test_giving_up_asks_for_a_restart_once(caplog: pytest.LogCaptureFixture) -> None:
    health = Health()
    health.give_up("the lease task died")
    health.give_up("and another")
    assert not health.is_live
    assert await health.ready() == ReadyReport(False, {"process": "failed"})
    assert [record.getMessage() for record in caplog.records] == [
        "the process asks to be restarted: the lease task died"
    ]


async def test_a_cancelled_probe_is_no_failed_check() -> None:
    health = Health(timeout=30)
    health.add("mail", _hanging)
    probe = asyncio.ensure_future(health.ready())
    await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe


async def test_the_lag_is_how_late_the_sleep_ended() -> None:
    now, late = [100.0], iter([0.0, 0.3, -0.1, 0.05])
    metrics = Metrics()

    async def sleep(seconds: float) -> None:
        try:
            now[0] += seconds + next(late)
        except StopIteration:
            raise asyncio.CancelledError from None

    lag = LoopLag(metrics, interval=0.25, clock=lambda: now[0], sleep=sleep)
    with pytest.raises(asyncio.CancelledError):
        await lag.run()
    assert lag.worst == pytest.approx(0.3)
    text = metrics.render()[0].decode()
    assert "mailhatch_event_loop_lag_seconds_count 4.0" in text
    assert 'mailhatch_event_loop_lag_seconds_bucket{le="0.1"} 3.0' in text
