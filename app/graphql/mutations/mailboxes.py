"""Making, changing and deleting mailboxes."""

from typing import Any

import strawberry

from app.domain import mailbox as domain
from app.domain.errors import InvalidRequest
from app.graphql.context import Info
from app.graphql.derive import resolved
from app.graphql.given import given
from app.graphql.inputs import mail as inputs
from app.graphql.once import IdempotencyKey, once
from app.graphql.types.edits import DeletedPayload, deleted
from app.graphql.types.mailbox import Mailbox, MailboxNode
from app.services.account_patch import UNSET
from app.services.edits.mailboxes import MailboxPatch


@strawberry.type
class MailboxMutations:
    """Mutations of mailboxes."""

    @resolved(Mailbox | None, "Make a mailbox. Needs `mail.write`.")
    async def create_mailbox(
        self,
        info: Info,
        input: inputs.CreateMailboxInput,  # noqa: A002
        idempotency_key: IdempotencyKey = None,
    ) -> MailboxNode:
        """Make a mailbox."""
        call = info.context
        account_id = await call.account_id(input.account)

        async def act() -> domain.Mailbox:
            return await call.at.edits.mailboxes.create(
                call.principal,
                account_id,
                input.name,
                input.parent_id,
                is_subscribed=input.is_subscribed,
                client_mutation_id=input.client_mutation_id,
            )

        made = await once(call, idempotency_key, "createMailbox", given(input), domain.Mailbox, act)
        return MailboxNode(account_id, made.id, made)

    @resolved(Mailbox | None, "Rename, move, subscribe or unsubscribe a mailbox. Needs `mail.write`.")
    async def change_mailbox(self, info: Info, input: inputs.ChangeMailboxInput) -> MailboxNode:  # noqa: A002
        """Change a mailbox."""
        call = info.context
        account_id = await call.account_id(input.account)
        patch = MailboxPatch(
            name=UNSET if _is_left_out(input.name) else _present(input.name, "name"),
            parent_id=UNSET if input.parent_id is strawberry.UNSET else input.parent_id,
            is_subscribed=UNSET if _is_left_out(input.is_subscribed) else _present(input.is_subscribed, "isSubscribed"),
        )
        changed = await call.at.edits.mailboxes.change(
            call.principal, account_id, input.mailbox, patch, client_mutation_id=input.client_mutation_id
        )
        return MailboxNode(account_id, changed.id, changed)

    @resolved(DeletedPayload | None, "Delete a mailbox. Needs `mail.write`.")
    async def delete_mailbox(self, info: Info, input: inputs.DeleteMailboxInput) -> DeletedPayload:  # noqa: A002
        """Delete a mailbox."""
        call = info.context
        ids = await call.at.edits.mailboxes.delete(
            call.principal,
            await call.account_id(input.account),
            input.mailbox,
            with_messages=input.with_messages,
            with_children=input.with_children,
            client_mutation_id=input.client_mutation_id,
        )
        return deleted(ids, input.client_mutation_id)


def _is_left_out(value: object) -> bool:
    return value is strawberry.UNSET


def _present(value: Any, name: str) -> Any:
    if value is None:
        raise InvalidRequest(f"`{name}` cannot be emptied; leave it out to keep it.")
    return value
