"""API tokens: `mh_<id>_<secret>`, a prefix that secret scanners find, a public id and a secret.

Only the SHA-256 of the secret is stored. A slow password hash would gain nothing: the secrets are random (200 bits), so
there is no dictionary to try, and every request pays for the check.
"""

import hashlib
import hmac
import re
import secrets

from app.domain.ids import TokenId
from app.security.limits import TOKEN_ID_CHARACTERS, TOKEN_SECRET_CHARACTERS

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u

#: Wider than what we make, for an admin token the operator writes; 32 characters of hex are 128 bits.
_TOKEN = re.compile(r"mh_([a-z0-9]{4,32})_([A-Za-z0-9]{32,128})", re.ASCII)


def new_token() -> tuple[TokenId, str]:
    """Make a token: its id, and the whole of it, to be shown once. `parse_token` gives the hash to store."""
    token_id = TokenId(_random(TOKEN_ID_CHARACTERS))
    return token_id, f"mh_{token_id}_{_random(TOKEN_SECRET_CHARACTERS)}"


def parse_token(text: str) -> tuple[TokenId, bytes] | None:
    """Split a token into its id and the SHA-256 of its secret (32 bytes); None when it is not one."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return None
    return TokenId(match[1]), hashlib.sha256(match[2].encode("ascii")).digest()


def matches(secret_hash: bytes, stored_hash: bytes) -> bool:
    """Compare two hashes in constant time."""
    return hmac.compare_digest(secret_hash, stored_hash)


def _random(characters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(characters))
