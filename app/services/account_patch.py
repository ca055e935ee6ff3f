from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, Literal, TypeVar

from app.domain.account import Account, Credentials, IncomingServer, Security
from app.domain.errors import FieldProblem, InvalidRequest
from app.services.account_input import one_spelling

T = TypeVar("T")


class Unset(Enum):
    """The type of UNSET: a field a patch does not mention."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final[Literal[Unset.UNSET]] = Unset.UNSET


@dataclass(frozen=True, slots=True)
class AccountPatch:
    """A merge patch (RFC 7396) of an account: what is UNSET stays, None clears.

    In `metadata` a None value removes its key, and None for the whole empties it.
    """

    external_id: str | Unset | None = UNSET
    tenant: str | Unset | None = UNSET
    email: str | Unset | None = UNSET
    metadata: Mapping[str, str | None] | Unset | None = UNSET
    host: str | Unset = UNSET
    port: int | Unset = UNSET
    security: Security | Unset = UNSET
    username: str | Unset = UNSET
    ca_pem: str | Unset | None = UNSET
    credentials: Credentials | Unset = field(default=UNSET, repr=False)

    @property
    def changes_login(self) -> bool:
        """Whether it touches where or how to log in."""
        return self.credentials is not UNSET or any(getattr(self, name) is not UNSET for name in _SERVER_FIELDS)

    def server(self, old: IncomingServer) -> IncomingServer:
        """Return the server as it is after the patch.

        Raises InvalidRequest when it points the stored secret at another server: whoever may manage an account must
        not be able to read its password by having it sent to a server of their own.
        """
        changed = {name: value for name in _SERVER_FIELDS if (value := getattr(self, name)) is not UNSET}
        server = one_spelling(replace(old, **changed))
        if self.credentials is UNSET and replace(server, username=old.username) != old:
            problem = FieldProblem("A stored secret is not sent to another server; give it again.", "/incoming/auth")
            raise InvalidRequest("The change of server needs the credentials as well.", [problem])
        return server

    def merged_metadata(self, old: Mapping[str, str]) -> dict[str, str]:
        """Return the metadata as it is after the patch."""
        if isinstance(self.metadata, Unset):
            return dict(old)
        merged: dict[str, str | None] = {} if self.metadata is None else {**old, **self.metadata}
        return {key: value for key, value in merged.items() if value is not None}

    def applied(self, account: Account) -> Account:
        """Return the account after the patch, but for its server and credentials."""
        return replace(
            account,
            external_id=_either(self.external_id, account.external_id),
            tenant=_either(self.tenant, account.tenant),
            email=_either(self.email, account.email),
            metadata=self.merged_metadata(account.metadata),
        )


#: What of a patch belongs to `IncomingServer`, under the same names there.
_SERVER_FIELDS = ("host", "port", "security", "username", "ca_pem")


def _either(value: T | Unset, old: T) -> T:
    return old if isinstance(value, Unset) else value
