"""Tokens: made and ended."""

import strawberry

from app.graphql.context import Info
from app.graphql.derive import resolved
from app.graphql.given import given, read
from app.graphql.inputs.accounts import CreateTokenInput
from app.graphql.once import IdempotencyKey, once
from app.graphql.types.edits import DeletedPayload, deleted
from app.graphql.types.token import NewToken
from app.http.models import TokenBody
from app.http.views import NewTokenView, new_token_view


@strawberry.type
class TokenMutations:
    """Mutations of tokens."""

    @resolved(NewToken | None, "Make a token; `token` is shown this once. Needs `accounts.manage`.")
    async def create_token(
        self,
        info: Info,
        input: CreateTokenInput,  # noqa: A002
        idempotency_key: IdempotencyKey = None,
    ) -> NewTokenView:
        """Make a token."""
        call, body = info.context, given(input)

        async def act() -> NewTokenView:
            return new_token_view(*await call.at.access.create(call.principal, read(TokenBody, body).to_domain()))

        return await once(call, idempotency_key, "createToken", body, NewTokenView, act)

    @resolved(DeletedPayload | None, "End a token now, and with it the signed links it made.")
    async def revoke_token(self, info: Info, token: strawberry.ID) -> DeletedPayload:
        """Revoke a token."""
        call = info.context
        await call.at.access.revoke(call.principal, token)
        return deleted([token])
