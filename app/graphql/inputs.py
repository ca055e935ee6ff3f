"""What mutations take. `account` is an id, or `external:` and your own id; a mailbox is an id or a role."""

import strawberry


@strawberry.input(description="Flags to add to messages and to remove: `seen`, `flagged`, … or keywords.")
class ChangeFlagsInput:
    """Takes up to 1,000 messages, in few commands."""

    account: strawberry.ID
    messages: list[strawberry.ID]
    add: list[str] = strawberry.field(default_factory=list)
    remove: list[str] = strawberry.field(default_factory=list)
    version: str | None = strawberry.field(
        default=None, description="Of a single message: `version` as you have seen it; else `precondition_failed`."
    )
    client_mutation_id: str | None = None


@strawberry.input(description="Messages to move or copy to a mailbox.")
class PlaceMessagesInput:
    """Takes up to 1,000 messages."""

    account: strawberry.ID
    messages: list[strawberry.ID]
    to: strawberry.ID
    client_mutation_id: str | None = None


@strawberry.input(description="Messages to move to the Trash, or to remove for good.")
class DeleteMessagesInput:
    """Takes up to 1,000 messages."""

    account: strawberry.ID
    messages: list[strawberry.ID]
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


@strawberry.input(description="A token to make; what is left out is inherited. Nobody can give more than they have.")
class CreateTokenInput:
    """`expiresIn` is seconds."""

    name: str
    scopes: list[str]
    accounts: list[strawberry.ID] | None = None
    tenant: str | None = None
    expires_in: int | None = None
    requests_per_minute: int | None = None
