"""What can be changed. Mutations run one after the other; each asks the same service as its REST call."""

from typing import Any

import strawberry

from app.domain.capabilities import CheckReport as DomainCheckReport
from app.domain.edits import Action, CopyAction, DeleteAction, FlagAction, MoveAction
from app.domain.errors import InvalidRequest
from app.graphql import inputs
from app.graphql.context import Info
from app.graphql.derive import resolved
from app.graphql.types.account import Account, AccountNode, loaded
from app.graphql.types.edits import DeletedPayload, Done, MessagesPayload, deleted
from app.graphql.types.mailbox import Mailbox, MailboxNode
from app.graphql.types.token import NewToken
from app.graphql.types.values import CheckReport
from app.http.views import AccountView, NewTokenView, new_token_view
from app.services.access import NewToken as WantedToken
from app.services.account_patch import UNSET
from app.services.edits.mailboxes import MailboxPatch
from app.services.edits.words import flag_edit


@strawberry.type(description="What can be changed.")
class Mutation:
    """The root of mutations."""

    @resolved(MessagesPayload | None, "Add and remove flags. Needs `mail.flags.write`.")
    async def change_flags(self, info: Info, input: inputs.ChangeFlagsInput) -> Done:  # noqa: A002
        """Change flags; held to a version, of one message."""
        edit = flag_edit(input.add, input.remove, "/flags")
        if input.version is None:
            return await _act(info, input.account, input.messages, FlagAction(edit), input.client_mutation_id)
        if len(input.messages) != 1:
            raise InvalidRequest("A `version` is that of one message.")
        call = info.context
        changed = await call.at.edits.messages.change_flags(
            call.principal,
            await call.account_id(input.account),
            input.messages[0],
            edit,
            version=input.version,
            client_mutation_id=input.client_mutation_id,
        )
        return Done((changed,), input.client_mutation_id)

    @resolved(MessagesPayload | None, "Move messages to a mailbox. Needs `mail.write`.")
    async def move_messages(self, info: Info, input: inputs.PlaceMessagesInput) -> Done:  # noqa: A002
        """Move."""
        return await _act(info, input.account, input.messages, MoveAction(input.to), input.client_mutation_id)

    @resolved(MessagesPayload | None, "Copy messages to a mailbox. Needs `mail.write`.")
    async def copy_messages(self, info: Info, input: inputs.PlaceMessagesInput) -> Done:  # noqa: A002
        """Copy."""
        return await _act(info, input.account, input.messages, CopyAction(input.to), input.client_mutation_id)

    @resolved(MessagesPayload | None, "Move messages to the Trash, or remove them for good. Needs `mail.write`.")
    async def delete_messages(self, info: Info, input: inputs.DeleteMessagesInput) -> Done:  # noqa: A002
        """Delete."""
        action = DeleteAction(input.permanently)
        return await _act(info, input.account, input.messages, action, input.client_mutation_id)

    @resolved(Mailbox | None, "Make a mailbox. Needs `mail.write`.")
    async def create_mailbox(self, info: Info, input: inputs.CreateMailboxInput) -> MailboxNode:  # noqa: A002
        """Make a mailbox."""
        call = info.context
        account_id = await call.account_id(input.account)
        made = await call.at.edits.mailboxes.create(
            call.principal,
            account_id,
            input.name,
            input.parent_id,
            is_subscribed=input.is_subscribed,
            client_mutation_id=input.client_mutation_id,
        )
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

    @resolved(Account | None, "Close an account's connections and open none until it is resumed.")
    async def pause_account(self, info: Info, account: strawberry.ID) -> AccountNode:
        """Pause."""
        call = info.context
        found = await call.at.accounts.pause(call.principal, await call.account_id(account))
        return loaded(AccountView.of(found))

    @resolved(Account | None, "Let a paused account connect again.")
    async def resume_account(self, info: Info, account: strawberry.ID) -> AccountNode:
        """Resume."""
        call = info.context
        found = await call.at.accounts.resume(call.principal, await call.account_id(account))
        return loaded(AccountView.of(found))

    @resolved(Account | None, "Drop an account's connections and waiting time, and connect now.")
    async def reconnect_account(self, info: Info, account: strawberry.ID) -> AccountNode:
        """Reconnect."""
        call = info.context
        found = await call.at.accounts.reconnect(call.principal, await call.account_id(account))
        return loaded(AccountView.of(found))

    @resolved(CheckReport | None, "Connect afresh and tell each step.")
    async def check_account(self, info: Info, account: strawberry.ID) -> DomainCheckReport:
        """Check the way to an account."""
        call = info.context
        return await call.at.accounts.check(call.principal, await call.account_id(account))

    @resolved(DeletedPayload | None, "Remove an account. The mail stays on the mail server.")
    async def delete_account(self, info: Info, account: strawberry.ID) -> DeletedPayload:
        """Remove an account."""
        call = info.context
        account_id = await call.account_id(account)
        await call.at.accounts.remove(call.principal, account_id)
        return deleted([account_id])

    @resolved(NewToken | None, "Make a token. Needs `accounts.manage`.")
    async def create_token(self, info: Info, input: inputs.CreateTokenInput) -> NewTokenView:  # noqa: A002
        """Make a token."""
        call = info.context
        wanted = WantedToken(
            name=input.name,
            scopes=tuple(input.scopes),
            accounts=None if input.accounts is None else tuple(input.accounts),
            tenant=input.tenant,
            expires_in=input.expires_in,
            requests_per_minute=input.requests_per_minute,
        )
        return new_token_view(*await call.at.access.create(call.principal, wanted))

    @resolved(DeletedPayload | None, "End a token now, and with it the signed links it made.")
    async def revoke_token(self, info: Info, token: strawberry.ID) -> DeletedPayload:
        """Revoke a token."""
        call = info.context
        await call.at.access.revoke(call.principal, token)
        return deleted([token])


def _is_left_out(value: object) -> bool:
    return value is strawberry.UNSET


def _present(value: Any, name: str) -> Any:
    if value is None:
        raise InvalidRequest(f"`{name}` cannot be emptied; leave it out to keep it.")
    return value


async def _act(
    info: Info, account: str, messages: list[strawberry.ID], action: Action, client_mutation_id: str | None
) -> Done:
    call = info.context
    report = await call.at.edits.batches.of_messages(
        call.principal, await call.account_id(account), messages, action, client_mutation_id=client_mutation_id
    )
    return Done(report.items, client_mutation_id)
