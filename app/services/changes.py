"""The change feed: what happened since a place in the log, for one account or all that a token reaches."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.domain.access import Principal, Scope
from app.domain.errors import FieldProblem, InvalidRequest
from app.domain.events import Event
from app.domain.ids import AccountId
from app.domain.ports import Clock, EventLog
from app.domain.positions import read_token
from app.domain.public_event import PublicEvent, public
from app.domain.snapshots import Watch
from app.services.collapse import collapse as folded
from app.services.tail import LogTail


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Events in order. `next` is where to go on, `latest` the end of the log; on the last page they are equal."""

    items: tuple[PublicEvent, ...]
    next: str
    latest: str


class Changes:
    """The feed over the event log."""

    def __init__(
        self, log: EventLog, tail: LogTail, clock: Clock, watch_of: Callable[[AccountId], Awaitable[Watch]]
    ) -> None:
        """Take the log, who follows it, the time, and who knows how the watching of an account stands."""
        self.watch = watch_of
        self._log = log
        self._tail = tail
        self._clock = clock

    async def page(
        self,
        principal: Principal,
        account_id: AccountId | None,
        since: str | None,
        *,
        limit: int,
        wait: float = 0.0,
        collapse: bool = False,
    ) -> ChangePage:
        """Read the events behind the token `since`; without it none, and the token to begin with.

        With nothing there it waits up to `wait` seconds for something. Needs `mail.meta.read`. Raises CursorExpired
        when the log does not reach back to the token.
        """
        principal.require(Scope.MAIL_META_READ)
        head = await self._log.head()
        if since is None:
            return ChangePage((), head.token, head.token)
        try:
            after = head.require(read_token(since))
        except InvalidRequest as error:
            raise InvalidRequest(error.detail, [FieldProblem(error.detail, "/query/since")]) from None
        ends = self._clock.monotonic() + wait
        found = await self._log.read(principal, account_id, after, limit)
        while not found.events and (left := ends - self._clock.monotonic()) > 0:
            await self._tail.wait(_matcher(principal, account_id), min(left, 5.0))
            found = await self._log.read(principal, account_id, max(after, found.reached), limit)
        events = folded(found.events) if collapse else found.events
        items = tuple([public(event, found.head) for event in events])
        return ChangePage(items, found.head.token_at(found.reached), found.head.token)


def _matcher(principal: Principal, account_id: AccountId | None) -> Callable[[Event], bool]:
    def matches(event: Event) -> bool:
        if account_id is not None and event.account != account_id:
            return False
        if principal.tenant is not None and event.tenant != principal.tenant:
            return False
        return principal.accounts is None or event.account in principal.accounts

    return matches
