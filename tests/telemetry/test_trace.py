import asyncio

from app.telemetry.trace import begin_call, current_cost


async def test_the_cost_is_carried_to_the_children_of_a_call_and_no_further() -> None:
    async def call(round_trips: int) -> int:
        cost = begin_call()

        async def child() -> None:
            current_cost().round_trips += round_trips

        await asyncio.gather(child(), child())
        return cost.round_trips

    assert list(await asyncio.gather(call(1), call(5))) == [2, 10]


def test_outside_any_call_nothing_is_kept() -> None:
    current_cost().round_trips += 1
    assert current_cost().round_trips == 0
