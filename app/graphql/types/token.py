"""API tokens."""

from app.graphql.derive import derived
from app.graphql.types.paging import connection
from app.http import views


@derived(views.TokenView, times=("created_at", "expires_at", "revoked_at"), small=("requests_per_minute",))
class Token:
    """An API token, without its secret."""


@derived(views.NewTokenView, times=("created_at", "expires_at", "revoked_at"), small=("requests_per_minute",))
class NewToken:
    """A token just made: `token` is shown this once."""


TokenConnection = connection(Token, "A page of tokens, by id, revoked and expired ones too.")
