"""Signatures of Standard Webhooks 1.0: symmetric keys, `v1`, HMAC-SHA256 over `id.timestamp.body`."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from app.webhooks.limits import SECRET_BYTES, SECRET_BYTES_LEAST, SECRET_BYTES_MOST

_PREFIX = "whsec_"


def new_secret() -> str:
    """Make a secret, `whsec_` and the base64 of 32 random bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def key_of(secret: str) -> bytes:
    """Return the key that a secret spells. Raises ValueError unless it is `whsec_` and base64 of 24 to 64 bytes."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(_PREFIX) or not SECRET_BYTES_LEAST <= len(key) <= SECRET_BYTES_MOST:
        raise ValueError("not a webhook secret")  # and never the secret itself
    return key


def headers(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Make the three headers of one attempt; `timestamp` is Unix seconds.

    Each key signs, the newest first: while a secret is being replaced a receiver verifies with the old or the new one.
    """
    signed = f"{message_id}.{timestamp}.".encode("ascii") + body
    signatures = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii") for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
