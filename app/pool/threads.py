"""Where blocking calls run, and the tasks of the pool itself."""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class Threads:
    """One thread for each connection that is busy at the same time; never the framework's shared ones.

    With as many threads as there can be connections nothing ever queues here, so an operation's deadline starts to
    count when it starts to run. Threads are made when first needed.
    """

    def __init__(self, count: int) -> None:
        """Allow `count` threads."""
        self._executor = ThreadPoolExecutor(count, thread_name_prefix="mail")

    def submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Run `work` in a thread, with the caller's context variables, so that its log lines carry the request."""
        context = contextvars.copy_context()
        return asyncio.get_running_loop().run_in_executor(self._executor, context.run, work)

    def close(self) -> None:
        """Take no more work and let the threads end; does not wait for those a dead server still holds."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class Background:
    """Tasks that outlive the call that started them: logins, logouts, reaping.

    Not a TaskGroup: one failed login must not cancel the others. A task's own failure is logged here, and all of them
    are ended by `drain`.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task, in an empty context: the caller's request must not live on in it."""
        task = asyncio.get_running_loop().create_task(work, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def drain(self, timeout: float) -> None:
        """Wait for all, at most `timeout` seconds, then cancel those that are left."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while self._tasks and loop.time() < deadline:
            await asyncio.wait(set(self._tasks), timeout=deadline - loop.time())
        for task in set(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("a task of the pool failed", exc_info=error)
