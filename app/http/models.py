"""Request bodies of accounts and tokens."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from app.domain.account import AccessToken, Credentials, IncomingServer, MailProtocol, Password, Security, standard_port
from app.domain.ports import NewAccount
from app.http.body import Body, few_fields
from app.services.access import NewToken
from app.services.account_limits import (
    ACCESS_TOKEN_CHARS,
    BATCH_ACCOUNTS,
    CA_PEM_CHARS,
    EMAIL_CHARS,
    EXTERNAL_ID_CHARS,
    HOST_CHARS,
    PASSWORD_CHARS,
    REQUESTS_PER_MINUTE,
    TENANT_CHARS,
    TOKEN_ACCOUNTS,
    TOKEN_NAME_CHARS,
    USERNAME_CHARS,
)
from app.services.account_patch import UNSET, AccountPatch, Unset

_Text = Annotated[str, Field(max_length=512)]


class PasswordAuth(Body):
    """A user's password or app password."""

    type: Literal["password"]
    password: SecretStr = Field(max_length=PASSWORD_CHARS, description="Write-only; kept encrypted.")


class AccessTokenAuth(Body):
    """An OAuth access token that you refresh by PATCH (XOAUTH2, OAUTHBEARER)."""

    type: Literal["access_token"]
    token: SecretStr = Field(max_length=ACCESS_TOKEN_CHARS, description="Write-only; kept encrypted.")
    expires_at: datetime | None = Field(None, description="When it ends, with offset; unknown if missing.")


Auth = Annotated[PasswordAuth | AccessTokenAuth, Field(discriminator="type")]


class Tls(Body):
    """How the server's certificate is verified; it always is."""

    ca_pem: str | None = Field(
        None, max_length=CA_PEM_CHARS, description="Certificate authorities to trust for this server besides the usual."
    )


class Incoming(Body):
    """Where the mail is."""

    protocol: MailProtocol = MailProtocol.IMAP
    host: str = Field(min_length=1, max_length=HOST_CHARS, examples=["imap.example.com"])
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Unset: 993 with IMAP and `tls`, else 143; 995 with POP3 and `tls`, else 110.",
        examples=[993],
    )
    security: Security = Security.TLS
    username: str = Field(min_length=1, max_length=USERNAME_CHARS, examples=["ana@example.com"])
    auth: Auth
    tls: Tls = Tls()


class AccountBody(Body):
    """An account to make."""

    external_id: str | None = Field(
        None, max_length=EXTERNAL_ID_CHARS, description="Your own id for it, unique in its tenant."
    )
    tenant: str | None = Field(None, max_length=TENANT_CHARS, description="Whose account it is.")
    metadata: Annotated[dict[str, str], BeforeValidator(few_fields)] = Field(
        default_factory=dict, description="Yours; up to 50 entries."
    )
    email: str | None = Field(None, max_length=EMAIL_CHARS, examples=["ana@example.com"])
    incoming: Incoming

    def to_domain(self) -> NewAccount:
        """Return what the service takes."""
        server = self.incoming
        return NewAccount(
            external_id=self.external_id,
            tenant=self.tenant,
            email=self.email,
            metadata=dict(self.metadata),
            incoming=IncomingServer(
                server.protocol,
                server.host,
                server.port or standard_port(server.protocol, server.security),
                server.security,
                server.username,
                server.tls.ca_pem,
            ),
            credentials=_credentials(server.auth),
        )


class AccountBatch(Body):
    """Accounts to make in one call."""

    items: list[AccountBody] = Field(min_length=1, max_length=BATCH_ACCOUNTS)


class TlsPatch(Body):
    """Merge patch of `tls`."""

    ca_pem: str | None = Field(None, max_length=CA_PEM_CHARS)


class IncomingPatch(Body):
    """Merge patch of `incoming`: what is missing stays; only `tls` can be emptied."""

    host: str | None = Field(None, min_length=1, max_length=HOST_CHARS)
    port: int | None = Field(None, ge=1, le=65535)
    security: Security | None = None
    username: str | None = Field(None, min_length=1, max_length=USERNAME_CHARS)
    auth: Auth | None = None
    tls: TlsPatch | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_null(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name in ("host", "port", "security", "username", "auth"):
                if name in given and given[name] is None:
                    raise PydanticCustomError(
                        "null", "{name} cannot be emptied; leave it out to keep it", {"name": name}
                    )
        return given


class AccountMerge(Body):
    """Merge patch of an account (RFC 7396): what is missing stays, null empties."""

    external_id: str | None = Field(None, max_length=EXTERNAL_ID_CHARS)
    tenant: str | None = Field(None, max_length=TENANT_CHARS)
    metadata: Annotated[dict[str, str | None] | None, BeforeValidator(few_fields)] = None
    email: str | None = Field(None, max_length=EMAIL_CHARS)
    incoming: IncomingPatch | None = None

    def to_domain(self) -> AccountPatch:
        """Return what the service takes: UNSET where nothing was said."""
        server = self.incoming or IncomingPatch()
        given, inner = self.model_fields_set, server.model_fields_set
        ca_pem: str | Unset | None = UNSET
        if "tls" in inner:
            ca_pem = server.tls.ca_pem if server.tls else None
        return AccountPatch(
            external_id=self.external_id if "external_id" in given else UNSET,
            tenant=self.tenant if "tenant" in given else UNSET,
            email=self.email if "email" in given else UNSET,
            metadata=self.metadata if "metadata" in given else UNSET,
            host=server.host or UNSET,
            port=server.port or UNSET,
            security=server.security or UNSET,
            username=server.username or UNSET,
            ca_pem=ca_pem,
            credentials=_credentials(server.auth) if server.auth else UNSET,
        )


class TokenBody(Body):
    """A token to make."""

    name: str = Field(min_length=1, max_length=TOKEN_NAME_CHARS, examples=["web frontend"])
    scopes: list[_Text] = Field(min_length=1, max_length=10, examples=[["mail.meta.read", "mail.body.read"]])
    accounts: list[_Text] | None = Field(
        None, max_length=TOKEN_ACCOUNTS, description="Only these; all in reach if missing."
    )
    tenant: str | None = Field(None, max_length=TENANT_CHARS, description="Only this tenant's accounts.")
    expires_in: int | None = Field(
        None, ge=60, le=315_360_000, description="Seconds it lives; for ever if missing. Browsers want short ones."
    )
    requests_per_minute: int | None = Field(None, ge=1, le=REQUESTS_PER_MINUTE)

    def to_domain(self) -> NewToken:
        """Return what the service takes."""
        return NewToken(
            name=self.name,
            scopes=tuple(self.scopes),
            accounts=None if self.accounts is None else tuple(self.accounts),
            tenant=self.tenant,
            expires_in=self.expires_in,
            requests_per_minute=self.requests_per_minute,
        )


def _credentials(auth: PasswordAuth | AccessTokenAuth) -> Credentials:
    if isinstance(auth, PasswordAuth):
        return Password(auth.password.get_secret_value())
    return AccessToken(auth.token.get_secret_value(), _unix(auth.expires_at))


def _unix(at: datetime | None) -> float | None:
    if at is None:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
