"""Each account's operations by what speaks its protocol."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from app.domain.account import ConnectPlan, MailProtocol
from app.domain.capabilities import CheckReport
from app.domain.ids import AccountId
from app.domain.ports import MailGateway, WatchGateway
from app.domain.query import MessageAddress
from app.gateway.limits import PROTOCOLS

P = ParamSpec("P")
T = TypeVar("T")

#: Tells the protocol of an account. Raises NotFound.
ProtocolOf = Callable[[AccountId], Awaitable[MailProtocol]]


class WatchedMail(MailGateway, WatchGateway, Protocol):
    """What speaks one protocol: for people, and for those who watch."""


def _verb(
    of_port: Callable[Concatenate[Any, AccountId, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["ByProtocol", AccountId, P], Coroutine[Any, Any, T]]:
    """Make the method that asks the account's own gateway for the same verb of the port."""
    name = of_port.__name__

    async def ask(self: "ByProtocol", account_id: AccountId, /, *args: P.args, **kwargs: P.kwargs) -> T:
        verb: Callable[..., Awaitable[T]] = getattr(await self.of(account_id), name)
        return await verb(account_id, *args, **kwargs)

    ask.__doc__ = of_port.__doc__
    return ask


class ByProtocol:
    """`MailGateway` over one gateway for each protocol. What an account speaks is remembered until it is forgotten."""

    def __init__(self, gateways: Mapping[MailProtocol, WatchedMail], protocol_of: ProtocolOf) -> None:
        """Take the gateways, and who knows what an account speaks."""
        self._gateways = gateways
        self._protocol_of = protocol_of
        self._known: dict[AccountId, WatchedMail] = {}

    async def of(self, account_id: AccountId) -> WatchedMail:
        """The gateway of an account. Raises NotFound."""
        gateway = self._known.get(account_id)
        if gateway is None:
            gateway = self._gateways[await self._protocol_of(account_id)]
            if len(self._known) >= PROTOCOLS:
                self._known.clear()
            self._known[account_id] = gateway
        return gateway

    mailboxes = _verb(MailGateway.mailboxes)
    page = _verb(MailGateway.page)
    message = _verb(MailGateway.message)
    structure = _verb(MailGateway.structure)
    structures = _verb(MailGateway.structures)
    sections = _verb(MailGateway.sections)
    many_sections = _verb(MailGateway.many_sections)
    search = _verb(MailGateway.search)
    matching = _verb(MailGateway.matching)
    rows = _verb(MailGateway.rows)
    conversations = _verb(MailGateway.conversations)
    members = _verb(MailGateway.members)
    capabilities = _verb(MailGateway.capabilities)
    store_flags = _verb(MailGateway.store_flags)
    move = _verb(MailGateway.move)
    copy = _verb(MailGateway.copy)
    erase = _verb(MailGateway.erase)
    append = _verb(MailGateway.append)
    create_mailbox = _verb(MailGateway.create_mailbox)
    rename_mailbox = _verb(MailGateway.rename_mailbox)
    delete_mailbox = _verb(MailGateway.delete_mailbox)
    subscribe = _verb(MailGateway.subscribe)
    watched_mailboxes = _verb(WatchGateway.watched_mailboxes)
    changes_since = _verb(WatchGateway.changes_since)
    uids = _verb(WatchGateway.uids)

    async def stream(
        self, account_id: AccountId, address: MessageAddress, section: str, timeout: float
    ) -> AsyncIterator[bytes]:
        """Yield a section's encoded bytes chunk by chunk. See `MailGateway.stream`."""
        gateway = await self.of(account_id)
        async for chunk in gateway.stream(account_id, address, section, timeout):
            yield chunk

    async def check(self, plan: ConnectPlan, timeout: float) -> CheckReport:
        """Connect afresh and tell each step, by the protocol of the plan."""
        return await self._gateways[plan.incoming.protocol].check(plan, timeout)

    async def forget(self, account_id: AccountId) -> None:
        """Close the account's connections and drop what is cached, whatever it spoke until now."""
        self._known.pop(account_id, None)
        for gateway in self._gateways.values():
            await gateway.forget(account_id)
