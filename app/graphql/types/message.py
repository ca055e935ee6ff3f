"""Messages: a list row or an open message, as far as the selection asks."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from app.domain import message as domain
from app.domain.ids import MessageId
from app.graphql.context import Info
from app.graphql.derive import derived, resolved
from app.graphql.selection import Selection, selection
from app.graphql.types.node import Node
from app.graphql.types.paging import connection
from app.graphql.types.values import Body, Header, Part
from app.services.limits import DEFAULT_BODY_BYTES, MAX_BODY_BYTES

#: What a row has without asking the mail server for more than UIDs and flags.
LIGHT = frozenset(("id", "mailboxId", "flags", "body", "headers", "structure", "partUrl"))


@dataclass(slots=True, eq=False)
class MessageNode:
    """A message while its fields are resolved; `of` is None when the selection needs nothing of a summary."""

    account_id: str
    id: MessageId
    of: domain.Summary | None

    def __getattr__(self, name: str) -> Any:
        """Read a summary's field."""
        return getattr(object.__getattribute__(self, "of"), name)


@derived(domain.Attachment)
class Attachment:
    """An attachment: `part` is its section, `size` the decoded size in bytes, estimated.

    `url` is a signed link that works without a token for a while; null for a token without `mail.body.read`.
    """


@derived(domain.Summary, via="of", omit=("id",), times=("date", "received"))
class Message(Node):
    """A message in a mailbox. What is selected decides what is fetched: flags alone cost flags alone.

    `preview` is the beginning of the text, told on pages; it, `body` and links need `mail.body.read`.
    `date` is the Date header and `received` when the server got it; `size` is bytes. `defects` names what could not be
    read.
    """

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """Whether a source is one of these."""
        return isinstance(value, MessageNode)

    @resolved(Body | None, "Text and safe HTML; of a whole page in one round trip.")
    @staticmethod
    async def body(
        root: strawberry.Parent[MessageNode],
        info: Info,
        max_bytes: Annotated[
            int, strawberry.argument(description=f"Most characters of each form, up to {MAX_BODY_BYTES}.")
        ] = DEFAULT_BODY_BYTES,
    ) -> domain.Body:
        """Read the message."""
        return await info.context.loaders.body(root.account_id, root.id, max_bytes)

    @resolved(list[Header] | None, "All header fields, unfolded and decoded, in the order of the message.")
    @staticmethod
    async def headers(root: strawberry.Parent[MessageNode], info: Info) -> tuple[domain.Header, ...]:
        """Tell the header fields."""
        return (await _opened(root, info)).headers

    @resolved(
        str | None,
        "Changes with the flags: a change may be held to it. Told of an open message.",
    )
    @staticmethod
    def version(root: strawberry.Parent[MessageNode]) -> str | None:
        """Tell the version."""
        return root.of.version if isinstance(root.of, domain.Message) else None

    @resolved(Part | None, "The tree of MIME parts.")
    @staticmethod
    async def structure(root: strawberry.Parent[MessageNode], info: Info) -> domain.Part:
        """Tell the tree of parts."""
        return (await _opened(root, info)).structure

    @resolved(
        str | None,
        "A signed link to a part by its section, which works without a token for a while. "
        "Needs `mail.body.read`; that there is such a part shows when the link is used.",
    )
    @staticmethod
    def part_url(root: strawberry.Parent[MessageNode], info: Info, part: str) -> str:
        """Make a link."""
        return info.context.part_url(root.account_id, root.id, part)


async def _opened(node: MessageNode, info: Info) -> domain.Message | domain.MessageFacts:
    if isinstance(node.of, domain.Message):
        return node.of
    return await info.context.loaders.structure(node.account_id, node.id)


MessageConnection = connection(Message, "A page of messages, newest first; `nodes` is `edges` without cursors.")


def wants_links(rows: list[Selection]) -> bool:
    """Whether the address of an attachment is selected."""
    return any("url" in row.under("attachments").names for row in rows)


async def message_node(info: Info, account_id: str, message: str) -> MessageNode:
    """Open a message; nothing is asked of the mail server when the selection only goes on to its body."""
    names = selection(info).names
    if "body" in names and names <= {"id", "body", "partUrl"}:
        return MessageNode(account_id, MessageId(message), None)
    call = info.context
    found = await call.at.messages.message(call.principal, account_id, message, call.base_url)
    return MessageNode(account_id, found.id, found)
