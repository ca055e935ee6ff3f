"""Signed links to parts: what a browser loads by itself cannot send Authorization (DESIGN section 10)."""

from urllib.parse import quote

from app.domain.access import Principal
from app.domain.errors import Unauthorized
from app.domain.ids import AccountId, TokenId
from app.domain.ports import Clock
from app.security.links import LinkSigner


class PartLinks:
    """Makes links to parts and checks them."""

    def __init__(self, signer: LinkSigner, clock: Clock) -> None:
        """Take the signer and the time."""
        self._signer = signer
        self._clock = clock

    def url(self, base_url: str, principal: Principal, account_id: AccountId, message: str, part: str) -> str:
        """Return an address of the part that works without a token until it expires or the token is revoked."""
        link = self._signer.sign(account_id, message, part, principal.token_id, self._clock.now())
        return (
            f"{base_url}/v1/accounts/{account_id}/messages/{message}/parts/{quote(part, safe='')}"
            f"?token={principal.token_id}&expires={link.expires}&signature={link.signature}"
        )

    def check(self, account_id: str, message: str, part: str, token: str, expires: int, signature: str) -> TokenId:
        """Return the token a link was made for. Raises Unauthorized unless it is whole and not expired."""
        now = self._clock.now()
        if not self._signer.verify(AccountId(account_id), message, part, TokenId(token), expires, signature, now):
            raise Unauthorized("This link is not valid any more.")
        return TokenId(token)

    def window(self) -> int:
        """Name the window in which links stay the same, for ETags: the expiry that a link made now gets."""
        return self._signer.sign(AccountId(""), "", "", TokenId(""), self._clock.now()).expires
