"""Which endpoints want which events. Pure."""

from collections.abc import Iterator, Sequence

from app.domain.events import Event, MailboxRef, MessageMoved
from app.domain.ids import AccountId
from app.domain.lanes import LaneKey, Wake
from app.domain.webhooks import Endpoint, EventFilter


def is_wanted(event: Event, wants: EventFilter) -> bool:
    """Whether an event passes a filter.

    An event of no mailbox passes any choice of mailboxes, and a message that moved passes for either of its two.
    """
    if wants.types is not None and event.type.value not in wants.types:
        return False
    if wants.tenant is not None and event.tenant != wants.tenant:
        return False
    if wants.accounts is not None and event.account not in wants.accounts:
        return False
    if wants.mailboxes is None:
        return True
    places = tuple(_mailboxes(event))
    return not places or any(
        place.id in wants.mailboxes or (place.role is not None and place.role.value in wants.mailboxes)
        for place in places
    )


def _mailboxes(event: Event) -> Iterator[MailboxRef]:
    place: MailboxRef | None = getattr(event.data, "mailbox", None)
    if place is not None:
        yield place
    if isinstance(event.data, MessageMoved):
        yield event.data.previous.mailbox


class Subscriptions:
    """All endpoints that are owed what comes, found by account."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        """Take the endpoints: those that name accounts are looked up by them, the others asked each time."""
        self._of_account: dict[AccountId, list[Endpoint]] = {}
        self._of_all: list[Endpoint] = []
        for endpoint in endpoints:
            if endpoint.wants.accounts is None:
                self._of_all.append(endpoint)
            for account in endpoint.wants.accounts or ():
                self._of_account.setdefault(account, []).append(endpoint)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._of_all or self._of_account)

    def wakes(self, events: Sequence[Event]) -> tuple[Wake, ...]:
        """Tell which lanes these events, in the order of the log, are for."""
        found: dict[LaneKey, Wake] = {}
        for event in events:
            named = self._of_account.get(event.account, ()) if event.account is not None else ()
            for endpoint in (*self._of_all, *named):
                if event.position <= endpoint.since or not is_wanted(event, endpoint.wants):
                    continue
                key = LaneKey(endpoint.id, event.account or "")
                first = found[key].first if key in found else event.position
                found[key] = Wake(key, first, event.position)
        return tuple(found.values())
