"""Conversations: a page of a mailbox's, and all messages of one."""

from dataclasses import dataclass
from typing import Any

import strawberry

from app.graphql.context import Info
from app.graphql.derive import choice, derived, resolved
from app.graphql.types.message import Message, MessageNode
from app.graphql.types.paging import PageBeside, checked, connection, page_of
from app.services import threads as domain

ThreadSource = choice(domain.ThreadPage, "source", "ThreadSource", "Who grouped the messages.")
ThreadScope = choice(domain.ThreadPage, "scope", "ThreadScope", "What the id of a thread covers.")


@dataclass(slots=True, eq=False)
class ThreadNode:
    """A conversation while its fields are resolved."""

    account_id: str
    of: Any

    def __getattr__(self, name: str) -> Any:
        """Read a conversation's field."""
        return getattr(object.__getattribute__(self, "of"), name)


def _node(account_id: str, summary: Any) -> MessageNode:
    return MessageNode(account_id, summary.id, summary)


@derived(domain.Thread, via="of", omit=("id",))
class Thread:
    """A conversation in a mailbox: `messages` and `unread` count those there. Subject and participants are read from
    its oldest message there and its newest ones, `latest` is the newest.
    """

    id: strawberry.ID

    @resolved(Message, "The newest message.")
    @staticmethod
    def latest(root: strawberry.Parent[ThreadNode], info: Info) -> MessageNode:
        """Tell the newest."""
        return _node(root.account_id, info.context.linked_if_may(root.account_id, root.of.latest))


@derived(domain.ThreadMessages, via="of", omit=("id",))
class ThreadMessages:
    """The messages of one conversation, oldest first; `total` is all of them, of which the newest are told."""

    id: strawberry.ID

    @resolved(list[Message], "The messages, oldest first.")
    @staticmethod
    def items(root: strawberry.Parent[ThreadNode], info: Info) -> list[MessageNode]:
        """List them."""
        return [_node(root.account_id, info.context.linked_if_may(root.account_id, item)) for item in root.of.items]


ThreadConnection = connection(
    Thread,
    "A page of conversations, the one with the newest message first. `source` says who grouped, `scope` what an id "
    "covers: the account where the server has ids, else the mailbox. `isComplete` is false when only the newest "
    "messages of the mailbox were looked at.",
    more={"source": ThreadSource, "scope": ThreadScope, "is_complete": bool},
    has_every_cursor=False,
)


async def threads_page(
    info: Info, account_id: str, mailbox: str, first: int, after: str | None
) -> PageBeside[ThreadNode]:
    """List conversations."""
    call = info.context
    page = await call.at.threads.page(call.principal, account_id, mailbox, limit=checked(first, after), cursor=after)
    nodes = [ThreadNode(account_id, item) for item in page.items]
    return page_of(nodes, page.next, after, page)


async def thread_node(info: Info, account_id: str, reference: str) -> ThreadNode:
    """Find a conversation by its id or by one of its messages."""
    call = info.context
    return ThreadNode(account_id, await call.at.threads.messages(call.principal, account_id, reference))
