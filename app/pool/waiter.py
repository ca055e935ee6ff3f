"""Waiting for a thing that somebody else hands over."""

import asyncio
from typing import Generic, TypeVar

from app.domain.errors import MailhatchError

T = TypeVar("T")


class Waiter(Generic[T]):
    """One caller in a queue.

    The hand-over is acknowledged: `offer` tells whether the caller is still there, and a caller who leaves, in time or
    by cancellation, calls `withdraw` and gets what was offered meanwhile. So nothing is ever handed to nobody. Used on
    one event loop only.
    """

    __slots__ = ("_error", "_has_left", "_signal", "_value", "is_interactive", "mailbox")

    def __init__(self, mailbox: str | None = None, is_interactive: bool = True) -> None:
        """Take what the queue wants to know of the caller."""
        self.mailbox = mailbox
        self.is_interactive = is_interactive
        self._signal: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._value: T | None = None
        self._error: MailhatchError | None = None
        self._has_left = False

    @property
    def is_open(self) -> bool:
        """Whether an offer would be taken."""
        return not self._has_left and not self._signal.done()

    def offer(self, value: T) -> bool:
        """Hand over `value`; False when the caller has left or was served, and the value is still the giver's."""
        if not self.is_open:
            return False
        self._value = value
        self._signal.set_result(None)
        return True

    def fail(self, error: MailhatchError) -> bool:
        """Tell the caller that nothing will come; False when it has left or was served."""
        if not self.is_open:
            return False
        self._error = error
        self._signal.set_result(None)
        return True

    async def wait(self, seconds: float | None) -> None:
        """Return at an offer or a failure, or after `seconds`. Never raises for either: ask `withdraw`."""
        await asyncio.wait({self._signal}, timeout=None if seconds is None else max(0.0, seconds))

    def withdraw(self) -> T | None:
        """Leave: take what was offered, None when nothing was. Raises the failure, if one was told."""
        self._has_left = True
        value, self._value = self._value, None
        if self._error is not None:
            raise self._error
        return value
