"""The schema: Strawberry makes it of our types; its words are committed in schemas/graphql/mailhatch.graphql."""

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from app.graphql.mutations import Mutation
from app.graphql.queries import Query
from app.graphql.scalars import SCALARS
from app.graphql.types.account import Account
from app.graphql.types.mailbox import Mailbox
from app.graphql.types.message import Message
from app.graphql.types.webhook import Webhook


def build() -> strawberry.Schema:
    """Make the schema."""
    return strawberry.Schema(
        Query, Mutation, types=(Account, Mailbox, Message, Webhook), config=StrawberryConfig(scalar_map=SCALARS)
    )


def core(schema: strawberry.Schema) -> GraphQLSchema:
    """Return what graphql-core executes."""
    return schema._schema  # noqa: SLF001  (Strawberry keeps no public name for it)


def sdl(schema: strawberry.Schema) -> str:
    """Write the schema in its language, as it is committed."""
    return schema.as_str() + "\n"
