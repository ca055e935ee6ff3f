"""What can be changed. Mutations run one after the other; each asks the same service as its REST call."""

import strawberry

from app.graphql.mutations.accounts import AccountMutations
from app.graphql.mutations.mailboxes import MailboxMutations
from app.graphql.mutations.messages import MessageMutations
from app.graphql.mutations.tokens import TokenMutations
from app.graphql.mutations.webhooks import WebhookMutations


@strawberry.type(description="What can be changed.")
class Mutation(MessageMutations, MailboxMutations, AccountMutations, TokenMutations, WebhookMutations):
    """The root of mutations."""
