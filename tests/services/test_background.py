import asyncio

from app.domain.errors import UpstreamTimeout
from app.services.background import BackgroundCalls


async def test_calls_are_made_a_few_at_a_time_and_none_takes_another_down() -> None:
    calls, running, most, done = BackgroundCalls(2, 100), 0, 0, 0

    async def call(n: int) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        done += 1
        if n == 0:
            raise UpstreamTimeout("Slow.")
        if n == 1:
            raise ZeroDivisionError

    calls.start()
    assert all(calls.submit(str(n), lambda n=n: call(n)) for n in range(10))  # type: ignore[misc]  # a bound default
    await calls.idle()
    assert (done, most) == (10, 2)
    await calls.close()


async def test_one_waits_per_key_and_no_more_than_the_bound() -> None:
    calls, made = BackgroundCalls(1, 2), []

    async def call(name: str) -> None:
        made.append(name)

    calls.start()
    assert calls.submit("a", lambda: call("a"))
    assert not calls.submit("a", lambda: call("a again"))
    assert calls.submit("b", lambda: call("b"))
    assert not calls.submit("c", lambda: call("c"))
    await calls.idle()
    assert made == ["a", "b"]
    assert calls.submit("a", lambda: call("a later"))
    await calls.idle()
    assert made == ["a", "b", "a later"]
    await calls.close()


async def test_nothing_is_taken_before_the_start_or_after_the_end() -> None:
    calls = BackgroundCalls(1, 2)
    never = asyncio.Event()
    assert not calls.submit("a", never.wait)
    calls.start()
    assert calls.submit("a", never.wait)
    await asyncio.sleep(0)
    await calls.close()
    assert not calls.submit("b", never.wait)
    await calls.close()
