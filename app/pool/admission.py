"""What stands between wanting a connection and dialling: a slot, and a turn in the host's pace of logins."""

import asyncio
from collections.abc import Callable

from app.domain.ports import Clock
from app.pool.account import AccountConnections, Connection, Slot
from app.pool.capacity import Capacity, Grant

#: Closes an idle connection and returns when it is gone.
Evict = Callable[[Connection], "asyncio.Task[None]"]


class Admission:
    """Lets logins through one by one."""

    def __init__(self, capacity: Capacity, clock: Clock, evict: Evict) -> None:
        """Take the ceilings, and how to close a connection that must make room."""
        self._capacity = capacity
        self._clock = clock
        self._evict = evict

    async def enter(self, host: str, until: float | None, is_wanted: Callable[[], bool]) -> Slot | None:
        """Wait for a slot and a turn, at most until `until` (deadline clock), as long as `is_wanted`.

        Returns the slot, to be released after the connection is closed; None when time is up or nobody wants it.
        """
        grant = await self._grant(host, until)
        if grant is None:
            return None
        entered = False
        try:
            if grant.victim is not None:
                await asyncio.shield(self._evict(grant.victim))
            entered = await self._turn(host, until, is_wanted)
        finally:
            if not entered:
                self._capacity.release(grant.slot)
        return grant.slot if entered else None

    async def _grant(self, host: str, until: float | None) -> Grant | None:
        claim = self._capacity.claim(host)
        try:
            await claim.wait(self._left(until))
        except asyncio.CancelledError:
            if (missed := claim.withdraw()) is not None:
                if missed.victim is not None:
                    self._evict(missed.victim)
                self._capacity.release(missed.slot)
            raise
        finally:
            self._capacity.leave(host, claim)
        return claim.withdraw()

    async def _turn(self, host: str, until: float | None, is_wanted: Callable[[], bool]) -> bool:
        try:
            async with asyncio.timeout(self._left(until)):
                return await self._capacity.pace(host).turn(is_wanted)
        except TimeoutError:
            return False

    def _left(self, until: float | None) -> float | None:
        return None if until is None else max(0.0, until - self._clock.monotonic())


def is_waited_for(account: AccountConnections) -> Callable[[], bool]:
    """Whether calls still wait for the connections of an account, and it has not been forgotten meanwhile."""
    epoch = account.epoch
    return lambda: account.epoch == epoch and account.waiting > 0
