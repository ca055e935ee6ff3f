"""Webhook endpoints: who is told, with which secret, whether it works, and what was delivered."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from app.domain.access import Principal, Scope
from app.domain.errors import Conflict, HostNotAllowed, InvalidRequest
from app.domain.ids import new_id
from app.domain.lanes import Delivery
from app.domain.ports import AccountStore, Clock
from app.domain.ports.webhooks import DeliveryFilter, DeliveryStore, EndpointStore, Replay
from app.domain.webhooks import HEALTHY, Answer, DeliveryId, Endpoint, EndpointId, EndpointState
from app.services.account_limits import PAGE_ROWS, WRITE_ATTEMPTS
from app.services.account_patch import Unset
from app.services.id_cursor import read_cursor, write_cursor
from app.services.webhook_input import EndpointPatch, NewEndpoint, check, reach
from app.services.webhook_limits import ENDPOINTS, OVERLAP_DEFAULT, SECRETS
from app.services.webhook_test import TestCall

_log = logging.getLogger(__name__)

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class WebhookStores:
    """Where endpoints and deliveries are kept."""

    endpoints: EndpointStore
    deliveries: DeliveryStore
    accounts: AccountStore


class Webhooks:
    """Everything clients do with webhooks; each call needs `webhooks.manage`.

    An endpoint is within reach when all it can be told of is. `on_change` is called after each change: a dispatcher
    looks at once then.
    """

    def __init__(
        self,
        stores: WebhookStores,
        test: TestCall,
        clock: Clock,
        *,
        allow_insecure: bool,
        on_change: Callable[[], None],
    ) -> None:
        """Take the stores, what makes a test call, the time, and whether `http://` may be used."""
        self._stores = stores
        self._test = test
        self._clock = clock
        self._allow_insecure = allow_insecure
        self._on_change = on_change

    async def create(self, principal: Principal, new: NewEndpoint, *, verify: bool) -> tuple[Endpoint, str]:
        """Make an endpoint; answers its secret, shown this once. With `verify` only after it took a test event.

        It is told of what happens from now on. Raises InvalidRequest with pointers, Forbidden, HostNotAllowed, and
        Conflict when its tenant has too many.
        """
        principal.require(Scope.WEBHOOKS_MANAGE)
        check(new, allow_insecure=self._allow_insecure)
        wants = await reach(principal, new, self._stores.accounts)
        now, key = self._clock.now(), self._test.new_key()
        endpoint = Endpoint(
            id=EndpointId(new_id("whk")),
            url=new.url,
            description=new.description,
            wants=wants,
            payload="thin",
            ordering=new.ordering,
            hold_for=new.hold_for,
            concurrency=new.concurrency,
            rate=new.rate,
            state=EndpointState.ENABLED,
            reason=None,
            health=HEALTHY,
            since=0,
            created_at=now,
            updated_at=now,
            revision=1,
        )
        if verify:
            _require_success((await self._test.send(endpoint, [key])).answer)
        made = await self._stores.endpoints.add(endpoint, [key], ENDPOINTS)
        self._told("webhook created", principal, made)
        return made, key.secret

    async def get(self, principal: Principal, endpoint_id: str) -> Endpoint:
        """Find one. Raises NotFound."""
        principal.require(Scope.WEBHOOKS_MANAGE)
        return await self._stores.endpoints.get(principal, endpoint_id)

    async def list(
        self, principal: Principal, limit: int, cursor: str | None
    ) -> tuple[tuple[Endpoint, ...], str | None]:
        """List those within reach by id, and the cursor of the next page."""
        principal.require(Scope.WEBHOOKS_MANAGE)
        limit, question = min(max(limit, 1), PAGE_ROWS), ("webhooks", principal.token_id)
        after = EndpointId(read_cursor(question, cursor)) if cursor is not None else None
        rows = await self._stores.endpoints.list(principal, limit + 1, after)
        return rows[:limit], write_cursor(question, rows[limit - 1].id) if len(rows) > limit else None

    async def patch(self, principal: Principal, endpoint_id: str, patch: EndpointPatch) -> Endpoint:
        """Change what a patch mentions; what is owed already follows the new settings."""

        def changed(endpoint: Endpoint) -> Endpoint:
            wants = endpoint.wants
            asked = NewEndpoint(
                url=_or(patch.url, endpoint.url),
                description=_or(patch.description, endpoint.description),
                mailboxes=_or(patch.mailboxes, wants.mailboxes),
                types=_or(patch.types, wants.types),
                ordering=_or(patch.ordering, endpoint.ordering),
                hold_for=_or(patch.hold_for, endpoint.hold_for),
                concurrency=_or(patch.concurrency, endpoint.concurrency),
                rate=_or(patch.rate, endpoint.rate),
            )
            check(asked, allow_insecure=self._allow_insecure)
            return replace(
                endpoint,
                url=asked.url,
                description=asked.description,
                wants=replace(wants, mailboxes=_words(asked.mailboxes), types=_words(asked.types)),
                ordering=asked.ordering,
                hold_for=asked.hold_for,
                concurrency=asked.concurrency,
                rate=asked.rate,
                health=endpoint.health if asked.url == endpoint.url else HEALTHY,
            )

        return await self._rewrite("webhook changed", principal, endpoint_id, changed)

    async def remove(self, principal: Principal, endpoint_id: str) -> None:
        """Erase the endpoint, its secret, what it is owed and its delivery log."""
        endpoint = await self.get(principal, endpoint_id)
        await self._stores.endpoints.remove(endpoint.id)
        self._told("webhook removed", principal, endpoint)

    async def pause(self, principal: Principal, endpoint_id: str) -> Endpoint:
        """Deliver nothing until it is resumed; what comes meanwhile is owed. Fine for one that is not enabled."""

        def paused(endpoint: Endpoint) -> Endpoint:
            is_enabled = endpoint.state is EndpointState.ENABLED
            return replace(endpoint, state=EndpointState.PAUSED) if is_enabled else endpoint

        return await self._rewrite("webhook paused", principal, endpoint_id, paused)

    async def resume(self, principal: Principal, endpoint_id: str) -> Endpoint:
        """Deliver again: a paused one all it is owed, one that was disabled what happens from now on (see `replay`)."""

        def resumed(endpoint: Endpoint) -> Endpoint:
            if endpoint.state is EndpointState.ENABLED:
                return endpoint
            return replace(endpoint, state=EndpointState.ENABLED, reason=None, health=HEALTHY)

        return await self._rewrite("webhook resumed", principal, endpoint_id, resumed)

    async def rotate(
        self, principal: Principal, endpoint_id: str, overlap: float = OVERLAP_DEFAULT
    ) -> tuple[Endpoint, str]:
        """Make a new secret, shown this once. The former ones sign beside it for `overlap` seconds at most."""
        endpoint = await self.get(principal, endpoint_id)
        now, key = self._clock.now(), self._test.new_key()
        former = [
            replace(one, expires_at=min(one.expires_at or now + overlap, now + overlap))
            for one in await self._stores.endpoints.keys(endpoint.id)
            if one.expires_at is None or one.expires_at > now
        ]
        kept = [key, *(one for one in former if (one.expires_at or 0) > now)][:SECRETS]
        rotated = await self._stores.endpoints.set_keys(replace(endpoint, updated_at=now), kept)
        self._told("webhook secret rotated", principal, rotated)
        return rotated, key.secret

    async def test(self, principal: Principal, endpoint_id: str) -> Delivery:
        """Send a test event now, whatever the endpoint's state, and tell what became of it; the log keeps it."""
        endpoint = await self.get(principal, endpoint_id)
        delivery = await self._test.send(endpoint, await self._stores.endpoints.keys(endpoint.id))
        await self._stores.deliveries.add(delivery)
        return delivery

    async def deliveries(
        self, principal: Principal, endpoint_id: str, where: DeliveryFilter, limit: int, cursor: str | None
    ) -> tuple[tuple[Delivery, ...], str | None]:
        """List attempts, the newest first, and the cursor of the next page."""
        endpoint = await self.get(principal, endpoint_id)
        limit = min(max(limit, 1), PAGE_ROWS)
        question = ("deliveries", endpoint.id, str(where.is_success), where.event_id)
        before = None if cursor is None else _place(read_cursor(question, cursor))
        rows = await self._stores.deliveries.list(endpoint.id, where, limit + 1, before)
        if len(rows) <= limit:
            return rows, None
        last = rows[limit - 1]
        return rows[:limit], write_cursor(question, f"{last.at!r}/{last.id}")

    async def retry(self, principal: Principal, endpoint_id: str, delivery_id: str) -> Delivery:
        """Deliver an event again, beside what else is owed; answers the attempt that is repeated.

        Raises StaleReference when the log does not have the event any more, Conflict for a disabled endpoint.
        """
        endpoint = await self.get(principal, endpoint_id)
        delivery = await self._stores.deliveries.get(endpoint.id, delivery_id)
        _require_owed(endpoint)
        await self._stores.deliveries.retry(endpoint.id, delivery, self._clock.now())
        self._told("webhook delivery retried", principal, endpoint)
        return delivery

    async def replay(
        self, principal: Principal, endpoint_id: str, since: float, until: float | None, account_id: str | None
    ) -> int:
        """Deliver the events of a time again, those it wants, under their old ids; tells of how many accounts.

        Times are Unix seconds. Raises NotFound for an account out of reach, Conflict for a disabled endpoint.
        """
        endpoint = await self.get(principal, endpoint_id)
        _require_owed(endpoint)
        account = None if account_id is None else (await self._stores.accounts.get(principal, account_id)).id
        if until is not None and until <= since:
            raise InvalidRequest("`until` must be after `since`.")
        after, last = await self._stores.deliveries.positions(since, until)
        replay = Replay(f"replay:{new_id('rpl')}", after, last, account)
        count = await self._stores.deliveries.replay(endpoint, replay, self._clock.now())
        self._told("webhook replayed", principal, endpoint)
        return count

    async def _rewrite(
        self, what: str, principal: Principal, endpoint_id: str, change: Callable[[Endpoint], Endpoint]
    ) -> Endpoint:
        """Read, change and write; again when somebody else was faster, as a dispatcher that disables it may be."""
        for attempt in range(WRITE_ATTEMPTS):
            before = await self.get(principal, endpoint_id)
            after = change(before)
            if after == before:
                return before
            is_from_now = before.state is EndpointState.DISABLED and after.state is EndpointState.ENABLED
            try:
                written = await self._stores.endpoints.replace(
                    replace(after, updated_at=self._clock.now()), is_from_now=is_from_now
                )
            except Conflict:
                if attempt == WRITE_ATTEMPTS - 1:
                    raise
                continue
            self._told(what, principal, written)
            return written
        raise AssertionError

    def _told(self, what: str, principal: Principal, endpoint: Endpoint) -> None:
        _log.info(what, extra={"token": principal.token_id, "endpoint": endpoint.id})
        self._on_change()


def _or(given: _Value | Unset, kept: _Value) -> _Value:
    return kept if isinstance(given, Unset) else given


def _words(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(sorted(set(values)))


def _place(text: str) -> tuple[float, DeliveryId]:
    at, _, name = text.partition("/")
    try:
        return float(at), DeliveryId(name)
    except ValueError:
        raise InvalidRequest("The cursor is not valid.") from None


def _require_success(answer: Answer) -> None:
    if answer.blocked_by is not None:
        raise HostNotAllowed(
            "The webhook's address is private or reserved and may not be called. The operator can open it with "
            "MAILHATCH_ALLOWED_WEBHOOK_NETWORKS."
        )
    if not answer.is_success:
        told = answer.error if answer.status is None else f"status {answer.status}"
        raise InvalidRequest(f"The webhook did not take the test event: {told}.")


def _require_owed(endpoint: Endpoint) -> None:
    if endpoint.state is EndpointState.DISABLED:
        raise Conflict("The webhook endpoint is disabled; resume it first.")
