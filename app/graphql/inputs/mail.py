"""What mutations take. `account` is an id, or `external:` and your own id; a mailbox is an id or a role. Changes of
messages take either `messages`, up to 1,000 ids of any mailboxes, or a `filter`.
"""

import strawberry

from app.graphql.scalars import DateTime


@strawberry.input(
    description="All messages of a mailbox (id or role) that match a query as in `search`; empty matches all."
)
class MessageFilterInput:
    """Acts on up to 10,000, newest first; `hasMore` tells of others."""

    mailbox: strawberry.ID
    query: str


@strawberry.input(description="Flags to add to messages and to remove: `seen`, `flagged`, … or keywords.")
class ChangeFlagsInput:
    """Takes up to 1,000 messages, in few commands."""

    account: strawberry.ID
    messages: list[strawberry.ID] | None = None
    filter: MessageFilterInput | None = None
    add: list[str] = strawberry.field(default_factory=list)
    remove: list[str] = strawberry.field(default_factory=list)
    version: str | None = strawberry.field(
        default=None, description="Of a single message: `version` as you have seen it; else `precondition_failed`."
    )
    client_mutation_id: str | None = None


@strawberry.input(description="Messages to move or copy to a mailbox.")
class PlaceMessagesInput:
    """Takes up to 1,000 messages, or a filter."""

    account: strawberry.ID
    to: strawberry.ID
    messages: list[strawberry.ID] | None = None
    filter: MessageFilterInput | None = None
    client_mutation_id: str | None = None


@strawberry.input(description="Messages to move to the Trash, or to remove for good.")
class DeleteMessagesInput:
    """Takes up to 1,000 messages."""

    account: strawberry.ID
    messages: list[strawberry.ID] | None = None
    filter: MessageFilterInput | None = None
    permanently: bool = False
    client_mutation_id: str | None = None


@strawberry.input(description="A mailbox to make.")
class CreateMailboxInput:
    """At the top level, or in another one."""

    account: strawberry.ID
    name: str
    parent_id: strawberry.ID | None = None
    is_subscribed: bool = True
    client_mutation_id: str | None = None


@strawberry.input(description="What is to change of a mailbox; what is left out stays. A null `parentId` is the top.")
class ChangeMailboxInput:
    """Its id and all ids within it stay."""

    account: strawberry.ID
    mailbox: strawberry.ID
    name: str | None = strawberry.UNSET
    parent_id: strawberry.ID | None = strawberry.UNSET
    is_subscribed: bool | None = strawberry.UNSET
    client_mutation_id: str | None = None


@strawberry.input(description="A mailbox to delete; what is in it only when that is asked for.")
class DeleteMailboxInput:
    """Refused while it holds messages or mailboxes that were not to be deleted."""

    account: strawberry.ID
    mailbox: strawberry.ID
    with_messages: bool = False
    with_children: bool = False
    client_mutation_id: str | None = None


@strawberry.input(
    description="A message or a draft to store, as RFC 5322 has it: `raw` as text, or `rawBase64`. It comes in the "
    "body of the request and is bounded like that; larger ones are uploaded over REST, where they are streamed."
)
class AppendMessageInput:
    """It is not sent."""

    account: strawberry.ID
    mailbox: strawberry.ID
    raw: str | None = None
    raw_base64: str | None = None
    flags: list[str] = strawberry.field(default_factory=list)
    received: DateTime | None = strawberry.field(
        default=None, description="When it was received, with offset; now if missing."
    )
    client_mutation_id: str | None = None
