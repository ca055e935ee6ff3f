"""Signed links: what a browser loads by itself (`<img>`, `<a>`) cannot send a token, so the address carries a proof."""

import base64
import hashlib
import hmac
import math
from dataclasses import dataclass

from app.security.limits import LINK_SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class LinkSignature:
    """What goes into the query: Unix seconds the link ends at, and the proof (base64url)."""

    expires: int
    signature: str


class LinkSigner:
    """Signs links to parts of messages and checks them. Immutable, so any thread may use it."""

    def __init__(self, key: bytes, lifetime: float) -> None:
        """Take a secret key (`Vault.derive`), and how many seconds (one at least) a link lives at least."""
        if lifetime < 1:
            raise ValueError("a link lives at least one second")
        self._key = key
        self._lifetime = lifetime
        self._window = math.floor(lifetime)

    def expiry(self, now: float) -> int:
        """Return when links signed at `now` end, in Unix seconds: between one and two lifetimes away.

        It is rounded up to a window, so that a link asked for twice has the same address and browser caches hit.
        """
        return math.ceil((now + self._lifetime) / self._window) * self._window

    def sign(self, account_id: str, message_id: str, part: str, token_id: str, now: float) -> LinkSignature:
        """Make the proof that the holder of `token_id` was shown this part; `now` is Unix seconds."""
        expires = self.expiry(now)
        return LinkSignature(expires, self._signature(account_id, message_id, part, token_id, expires))

    def verify(
        self, account_id: str, message_id: str, part: str, token_id: str, expires: int, signature: str, now: float
    ) -> bool:
        """Whether the link was signed by us for exactly these, and has not ended.

        Whether the token still reaches the account is the caller's question: links of a revoked token are dead.
        """
        if not 0 <= expires < 1 << 53:  # no date, and a number that is slow to spell out
            return False
        expected = self._signature(account_id, message_id, part, token_id, expires)
        same = hmac.compare_digest(expected.encode("ascii"), signature.encode("utf-8", "surrogatepass"))
        return same and now < expires

    def _signature(self, account_id: str, message_id: str, part: str, token_id: str, expires: int) -> str:
        fields = [text.encode("utf-8", "surrogatepass") for text in (account_id, message_id, part, token_id)]
        fields.append(str(expires).encode("ascii"))
        # Each field after its length: no two lists of fields make the same bytes.
        signed = b"".join(len(one).to_bytes(4, "big") + one for one in fields)
        proof = hmac.digest(self._key, signed, hashlib.sha256)[:LINK_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(proof).decode("ascii")
