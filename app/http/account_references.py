"""What clients may write where an account is meant: its id, or `external:` and their own id for it."""

from app.domain.access import Principal
from app.domain.errors import Conflict, NotFound
from app.http.state import FaceServices

_EXTERNAL = "external:"


async def resolve_account(account: str, principal: Principal, at: FaceServices) -> str:
    """Return the id; `external:x` names the account whose `external_id` is x within the token's reach."""
    if not account.startswith(_EXTERNAL):
        return account
    found = await at.accounts.ids_of(principal, account.removeprefix(_EXTERNAL))
    if not found:
        raise NotFound("No such account.")
    if len(found) > 1:
        raise Conflict("Several tenants have an account with this external id; use the account's own id.")
    return found[0]
