"""Who calls: a principal and its scopes."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import Forbidden
from app.domain.ids import AccountId, TokenId


class Scope(StrEnum):
    """What a token may do."""

    MAIL_META_READ = "mail.meta.read"
    MAIL_BODY_READ = "mail.body.read"
    MAIL_FLAGS_WRITE = "mail.flags.write"
    MAIL_WRITE = "mail.write"
    ACCOUNTS_MANAGE = "accounts.manage"
    WEBHOOKS_MANAGE = "webhooks.manage"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. With `accounts` it reaches only these; with `tenant` only the tenant's; else all.

    `requests_per_minute` is its own rate limit.
    """

    token_id: TokenId
    name: str
    scopes: frozenset[Scope]
    accounts: frozenset[AccountId] | None
    tenant: str | None
    expires_at: float | None
    requests_per_minute: int

    @property
    def is_admin(self) -> bool:
        """Whether every scope is granted and no account is out of reach."""
        return Scope.ADMIN in self.scopes

    def has(self, scope: Scope) -> bool:
        """Whether `scope` is granted; who may write mail may set its flags."""
        return (
            scope in self.scopes
            or self.is_admin
            or (scope is Scope.MAIL_FLAGS_WRITE and Scope.MAIL_WRITE in self.scopes)
        )

    def require(self, scope: Scope) -> None:
        """Raise Forbidden unless `scope` is granted."""
        if not self.has(scope):
            raise Forbidden(f"This needs the scope {scope}.", scope=str(scope))

    def reaches(self, account: AccountId, tenant: str | None) -> bool:
        """Whether an account of this tenant is within the principal's reach."""
        if self.accounts is not None and account not in self.accounts:
            return False
        return self.tenant is None or self.tenant == tenant
