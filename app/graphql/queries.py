"""What can be read."""

from typing import Any

import strawberry

from app.domain.account import Account as DomainAccount
from app.domain.account import AccountState
from app.domain.errors import InvalidRequest, NotFound
from app.domain.ports import AccountFilter, TokenRecord
from app.graphql.context import Info
from app.graphql.derive import resolved
from app.graphql.limits import MAX_NODES
from app.graphql.types.account import Account, AccountConnection, AccountNode, State, account_node, loaded
from app.graphql.types.mailbox import MailboxNode, mailbox_node
from app.graphql.types.message import MessageNode, message_node
from app.graphql.types.node import Node
from app.graphql.types.paging import After, First, Page, checked, page_of
from app.graphql.types.token import TokenConnection
from app.graphql.types.webhook import Webhook, WebhookConnection
from app.http.limits import DEFAULT_PAGE
from app.http.views import AccountView, TokenView
from app.http.webhook_views import WebhookView

AnyNode = AccountNode | MailboxNode | MessageNode | WebhookView


@strawberry.type(description="What can be read.")
class Query:
    """The root of queries."""

    @resolved(Account | None, "An account by its id, or by `external:` and your own id for it.")
    async def account(self, info: Info, id: strawberry.ID) -> AccountNode:  # noqa: A002
        """Find an account."""
        return await account_node(info, id)

    @resolved(AccountConnection | None, "The accounts within the token's reach, by id.")
    async def accounts(
        self,
        info: Info,
        first: First = DEFAULT_PAGE,
        after: After = None,
        external_id: str | None = None,
        tenant: str | None = None,
        state: State | None = None,
    ) -> Page[AccountNode]:
        """List accounts."""
        call = info.context
        wanted = AccountState(state.value) if state is not None else None
        where = AccountFilter(external_id=external_id, tenant=tenant, state=wanted)
        found, following = await call.at.accounts.list(call.principal, where, checked(first, after), after)

        def cursor_at(index: int) -> str:
            return call.at.accounts.cursor(where, found[index].id)

        return Page([_account(item) for item in found], following, after is None, cursor_at)

    @resolved(TokenConnection | None, "The tokens within this token's reach, by id.")
    async def tokens(self, info: Info, first: First = DEFAULT_PAGE, after: After = None) -> Page[TokenView]:
        """List tokens."""
        call = info.context
        found: tuple[TokenRecord, ...]
        found, following = await call.at.access.list(call.principal, checked(first, after), after)

        def cursor_at(index: int) -> str:
            return call.at.access.cursor(call.principal, found[index].id)

        return Page([TokenView.of(item) for item in found], following, after is None, cursor_at)

    @resolved(Webhook | None, "A webhook by its id. Needs `webhooks.manage`.")
    async def webhook(self, info: Info, id: strawberry.ID) -> WebhookView:  # noqa: A002
        """Find a webhook."""
        return await _webhook(info, id)

    @resolved(WebhookConnection | None, "The webhooks within this token's reach, by id.")
    async def webhooks(self, info: Info, first: First = DEFAULT_PAGE, after: After = None) -> Page[WebhookView]:
        """List webhooks."""
        call = info.context
        found, following = await call.at.webhooks.list(call.principal, checked(first, after), after)
        return page_of([WebhookView.of(item) for item in found], following, after)

    @resolved(Node | None, "An account, a mailbox, a message or a webhook by its id (Relay).")
    async def node(self, info: Info, id: strawberry.ID) -> AnyNode:  # noqa: A002
        """Find anything that has an id."""
        return await _node(info, id)

    @resolved(list[Node | None] | None, f"Up to {MAX_NODES} of them, in the order asked.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Any]:
        """Find several; one that is not there is null, with an error at its place."""
        if len(ids) > MAX_NODES:
            raise InvalidRequest(f"At most {MAX_NODES} ids.")
        return [_node(info, one) for one in ids]


def _account(account: DomainAccount) -> AccountNode:
    return loaded(AccountView.of(account))


async def _webhook(info: Info, reference: str) -> WebhookView:
    return WebhookView.of(await info.context.at.webhooks.get(info.context.principal, reference))


async def _node(info: Info, reference: str) -> AnyNode:
    if reference.startswith("acc_"):
        return await account_node(info, reference)
    if reference.startswith("whk_"):
        return await _webhook(info, reference)
    if not reference.startswith(("mbx_", "msg_")):
        raise NotFound("No such thing.")
    call = info.context
    account_id = await call.at.owners.of(call.principal, reference)
    if reference.startswith("mbx_"):
        return await mailbox_node(info, account_id, reference)
    return await message_node(info, account_id, reference)
