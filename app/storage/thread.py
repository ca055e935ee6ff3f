"""Work that must not hold up the event loop and happens at starts only: a thread that ends with it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


async def in_thread(work: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
    """Run `work` in a thread of its own and return or raise what it does; when cancelled, it runs on to its end."""
    executor = ThreadPoolExecutor(1, thread_name_prefix="storage")
    try:
        return await asyncio.wrap_future(executor.submit(work, *args, **kwargs))
    finally:
        executor.shutdown(wait=False)
