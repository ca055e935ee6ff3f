"""Mailboxes and their pages of messages."""

from dataclasses import dataclass
from typing import Any

import strawberry

from app.domain import mailbox as domain
from app.domain.access import Scope
from app.domain.errors import NotFound
from app.graphql.context import Info
from app.graphql.derive import derived, resolved
from app.graphql.selection import selection
from app.graphql.types.message import LIGHT, MessageConnection, MessageNode, wants_links
from app.graphql.types.node import Node
from app.graphql.types.paging import After, First, Page, PageBeside, checked
from app.graphql.types.thread import ThreadConnection, ThreadNode, threads_page
from app.http.limits import DEFAULT_PAGE
from app.services.pages import cursor_at

#: What of a mailbox is found without its row in the list.
_FURTHER = frozenset(("messages", "threads"))


@dataclass(slots=True, eq=False)
class MailboxNode:
    """A mailbox while its fields are resolved; `of` is None when the selection needs nothing but its messages."""

    account_id: str
    reference: str
    of: domain.Mailbox | None

    def __getattr__(self, name: str) -> Any:
        """Read a mailbox's field."""
        return getattr(object.__getattribute__(self, "of"), name)


@derived(domain.Mailbox, via="of")
class Mailbox(Node):
    """A mailbox (IMAP folder). `name` is the last part of `path`; counts are null where the server does not tell.

    `role` is its special use (RFC 6154), and `roleSource` who says so: the server, or our reading of the name.
    """

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """Whether a source is one of these."""
        return isinstance(value, MailboxNode)

    @resolved(MessageConnection | None, "Messages, newest first. Nothing is marked as read.")
    @staticmethod
    async def messages(
        root: strawberry.Parent[MailboxNode], info: Info, first: First = DEFAULT_PAGE, after: After = None
    ) -> Page[MessageNode]:
        """List a page."""
        call, chosen = info.context, selection(info)
        rows = [chosen.under("edges", "node"), chosen.under("nodes")]
        names = frozenset().union(*[row.names for row in rows])
        page = await call.at.messages.page(
            call.principal,
            root.account_id,
            root.reference,
            limit=checked(first, after),
            cursor=after,
            with_preview="preview" in names,
            with_facts=not names <= LIGHT,
        )
        nodes = [MessageNode(root.account_id, item.id, item) for item in page.items]
        if wants_links(rows) and call.may(Scope.MAIL_BODY_READ):
            nodes = [MessageNode(root.account_id, item.id, call.linked(root.account_id, item)) for item in page.items]
        return Page(nodes, page.next, after is None, lambda index: cursor_at(page, index))

    @resolved(ThreadConnection | None, "Conversations, the one with the newest message first.")
    @staticmethod
    async def threads(
        root: strawberry.Parent[MailboxNode], info: Info, first: First = DEFAULT_PAGE, after: After = None
    ) -> PageBeside[ThreadNode]:
        """List a page of conversations."""
        return await threads_page(info, root.account_id, root.reference, first, after)


async def mailbox_node(info: Info, account_id: str, reference: str) -> MailboxNode:
    """Find a mailbox by id or role; the account's list is asked for only if something of it is selected."""
    if (names := selection(info).names) and names <= _FURTHER:
        return MailboxNode(account_id, reference, None)
    tree = await info.context.loaders.tree(account_id)
    found = next((item for item in tree if reference in (item.id, item.role)), None)
    if found is None:
        raise NotFound("No such mailbox." if reference.startswith("mbx_") else "This account has no such mailbox.")
    return MailboxNode(account_id, found.id, found)
