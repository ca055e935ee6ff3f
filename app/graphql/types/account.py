"""Accounts: where the mail is, and the way down to it."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from app.domain import capabilities
from app.domain.account import AccountState, MailProtocol, Security
from app.domain.ids import AccountId
from app.graphql.context import Info
from app.graphql.derive import choice, derive, derived, enumeration, resolved
from app.graphql.selection import selection
from app.graphql.types.mailbox import Mailbox, MailboxNode, mailbox_node
from app.graphql.types.message import Message, MessageNode, message_node
from app.graphql.types.node import Node
from app.graphql.types.paging import After, First, PageBeside, connection
from app.graphql.types.search import SearchConnection, SearchSort, Wanted, refuse_direction_without_sort, search
from app.graphql.types.thread import ThreadMessages, ThreadNode, thread_node
from app.http import views
from app.http.limits import DEFAULT_PAGE

State = enumeration(AccountState)
Protocol = enumeration(MailProtocol)
Encryption = enumeration(Security)
choice(views.AuthView, "type", "AuthType", "How an account logs in.")

derive(views.AuthView, name="Auth", times=("expires_at",))
derive(views.TlsView, name="Tls")
derive(views.IncomingView, name="Incoming", small=("port",))
derive(views.ReasonView, name="StateReason", times=("since", "next_attempt_at"))

SearchText = Annotated[
    str,
    strawberry.argument(
        description="What to look for: words, and operators such as `from:ana is:unread has:attachment newer_than:7d "
        "-in:archive`. Empty finds everything."
    ),
]
#: Fields of an account that find out for themselves whether it is in reach.
_FURTHER = frozenset(("mailboxes", "mailbox", "message", "capabilities", "search", "thread"))


@dataclass(slots=True, eq=False)
class AccountNode:
    """An account while its fields are resolved; `of` is None when the selection only goes on to its mail."""

    id: AccountId
    of: views.AccountView | None

    def __getattr__(self, name: str) -> Any:
        """Read an account's field."""
        return getattr(object.__getattribute__(self, "of"), name)


@strawberry.type
class MetadataEntry:
    """One of the entries that you keep with an account."""

    key: str
    value: str


@derived(capabilities.Capability, via="of")
class Capability:
    """One ability by name; `source` tells who keeps the truth, the mail server or the service."""

    name: str


@strawberry.type
class Capabilities:
    """What works with an account, and what its server announces (upper case, sorted)."""

    protocol: str
    server: list[str]
    items: list[Capability]


@dataclass(slots=True)
class _CapabilityNode:
    name: str
    of: capabilities.Capability


@dataclass(slots=True)
class _CapabilitiesNode:
    protocol: str
    server: tuple[str, ...]
    items: list[_CapabilityNode]


@derived(views.AccountView, via="of", omit=("id",), times=("created_at", "updated_at"))
class Account(Node):
    """A mail account, without its secret."""

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """Whether a source is one of these."""
        return isinstance(value, AccountNode)

    @resolved(list[MetadataEntry], "Yours; up to 50 entries.")
    @staticmethod
    def metadata(root: strawberry.Parent[AccountNode]) -> list[MetadataEntry]:
        """List the entries."""
        return [MetadataEntry(key=key, value=value) for key, value in root.of.metadata.items()] if root.of else []

    @resolved(Capabilities | None, "What works with this account, and where each truth lives.")
    @staticmethod
    async def capabilities(root: strawberry.Parent[AccountNode], info: Info) -> _CapabilitiesNode:
        """Ask what the server can do; connects when nothing is known yet."""
        found = await info.context.at.accounts.capabilities(info.context.principal, root.id)
        items = [_CapabilityNode(name, item) for name, item in found.items.items()]
        return _CapabilitiesNode(found.protocol, found.server, items)

    @resolved(list[Mailbox] | None, "All mailboxes with counts, parents before children: one round trip.")
    @staticmethod
    async def mailboxes(root: strawberry.Parent[AccountNode], info: Info) -> list[MailboxNode]:
        """List the mailboxes."""
        tree = await info.context.loaders.tree(root.id)
        return [MailboxNode(root.id, item.id, item) for item in tree]

    @resolved(Mailbox | None, "A mailbox by its id or its role, such as `inbox`.")
    @staticmethod
    async def mailbox(root: strawberry.Parent[AccountNode], info: Info, id: strawberry.ID) -> MailboxNode:  # noqa: A002
        """Find a mailbox."""
        return await mailbox_node(info, root.id, id)

    @resolved(Message | None, "A message by its id.")
    @staticmethod
    async def message(root: strawberry.Parent[AccountNode], info: Info, id: strawberry.ID) -> MessageNode:  # noqa: A002
        """Open a message."""
        return await message_node(info, root.id, id)

    @resolved(
        SearchConnection | None,
        "Messages that match a query, newest first: in one mailbox (id or role), or in all of the account but trash "
        "and junk, which are searched when they are named. Bare words, `body:` and `text:` need `mail.body.read`. "
        "Only one mailbox can be sorted.",
    )
    @staticmethod
    async def search(
        root: strawberry.Parent[AccountNode],
        info: Info,
        query: SearchText = "",
        mailbox: strawberry.ID | None = None,
        sort: SearchSort | None = None,
        descending: bool = False,
        first: First = DEFAULT_PAGE,
        after: After = None,
    ) -> PageBeside[MessageNode]:
        """Search."""
        refuse_direction_without_sort(sort, is_descending=descending)
        return await search(info, root.id, Wanted(query, mailbox, sort, descending, first, after))

    @resolved(ThreadMessages | None, "A conversation by its id, `thr_…`, or by the id of one of its messages.")
    @staticmethod
    async def thread(root: strawberry.Parent[AccountNode], info: Info, id: strawberry.ID) -> ThreadNode:  # noqa: A002
        """Read a conversation."""
        return await thread_node(info, root.id, id)


async def account_node(info: Info, reference: str) -> AccountNode:
    """Find an account by id or `external:`; it is read only if something of it is selected."""
    call = info.context
    account_id = AccountId(await call.account_id(reference))
    if (names := selection(info).names) and names <= _FURTHER:
        return AccountNode(account_id, None)
    return loaded(views.AccountView.of(await call.at.accounts.get(call.principal, account_id)))


def loaded(view: views.AccountView) -> AccountNode:
    """Make a node of an account that was read."""
    return AccountNode(AccountId(view.id), view)


AccountConnection = connection(Account, "A page of accounts, by id.")
