"""What mutations of accounts and tokens take: the bodies of REST. Secrets go in and never come out."""

import enum
from typing import Any

import strawberry

from app.graphql.given import given
from app.graphql.scalars import DateTime
from app.graphql.types.account import Encryption, Protocol


@strawberry.enum(description="When a login is tried: before anything is stored, after, or at first use.")
class Verify(enum.Enum):
    """As the query of REST says it."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


@strawberry.input(description="How to log in: either `password`, or `accessToken` (OAuth). Write-only; kept encrypted.")
class AuthInput:
    """Exactly one of the two."""

    password: str | None = None
    access_token: str | None = None
    expires_at: DateTime | None = strawberry.field(
        default=None, description="When the access token ends; unknown if missing."
    )


@strawberry.input(description="Certificate authorities to trust for this server besides the usual.")
class TlsInput:
    """In PEM form; null for none."""

    ca_pem: str | None = None


@strawberry.input(description="Where the mail is.")
class IncomingInput:
    """Without `port` it is the standard one."""

    host: str
    username: str
    auth: AuthInput
    protocol: Protocol | None = strawberry.UNSET
    port: int | None = strawberry.UNSET
    security: Encryption | None = strawberry.UNSET
    tls: TlsInput | None = strawberry.UNSET


@strawberry.input(description="An entry that you keep with an account; in a change a null `value` removes it.")
class MetadataEntryInput:
    """One entry."""

    key: str
    value: str | None


@strawberry.input(description="A mail account to add.")
class AccountInput:
    """As the body of `POST /v1/accounts`."""

    incoming: IncomingInput
    external_id: str | None = strawberry.UNSET
    tenant: str | None = strawberry.UNSET
    metadata: list[MetadataEntryInput] | None = strawberry.UNSET
    email: str | None = strawberry.UNSET


@strawberry.input(description="What is to change of where the mail is; what is left out stays.")
class ChangeIncomingInput:
    """Another server needs the credentials as well."""

    host: str | None = strawberry.UNSET
    port: int | None = strawberry.UNSET
    security: Encryption | None = strawberry.UNSET
    username: str | None = strawberry.UNSET
    auth: AuthInput | None = strawberry.UNSET
    tls: TlsInput | None = strawberry.UNSET


@strawberry.input(description="What is to change of an account; what is left out stays, null empties.")
class ChangeAccountInput:
    """As the merge patch of REST."""

    external_id: str | None = strawberry.UNSET
    tenant: str | None = strawberry.UNSET
    metadata: list[MetadataEntryInput] | None = strawberry.UNSET
    email: str | None = strawberry.UNSET
    incoming: ChangeIncomingInput | None = strawberry.UNSET


@strawberry.input(description="A token to make; what is left out is inherited. Nobody can give more than they have.")
class CreateTokenInput:
    """`expiresIn` is seconds."""

    name: str
    scopes: list[str]
    accounts: list[strawberry.ID] | None = None
    tenant: str | None = None
    expires_in: int | None = None
    requests_per_minute: int | None = None


def account_body(asked: AccountInput | ChangeAccountInput) -> dict[str, Any]:
    """Write an account as the body of REST."""
    body: dict[str, Any] = given(asked)
    if body.get("metadata") is not None:
        body["metadata"] = {entry["key"]: entry["value"] for entry in body["metadata"]}
    incoming = body.get("incoming")
    if incoming is not None and incoming.get("auth") is not None:
        incoming["auth"] = _auth(incoming["auth"])
    for name in ("protocol", "security", "tls"):
        if isinstance(asked, AccountInput) and incoming is not None and incoming.get(name, "") is None:
            del incoming[name]  # null is what it is when left out
    return body


def _auth(auth: dict[str, Any]) -> dict[str, Any]:
    """Name the kind; both or neither is left to the model, which refuses it."""
    if auth["access_token"] is None:
        return {"type": "password"} | {name: value for name, value in auth.items() if value is not None}
    named = {"token": auth["access_token"], "expires_at": auth["expires_at"]}
    return {"type": "access_token", **named} | ({} if auth["password"] is None else {"password": auth["password"]})
