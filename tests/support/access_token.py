"""Access tokens a test server believes: JSON web tokens (RFC 7519) signed with a shared secret."""

import base64
import hashlib
import hmac
import json
import time


def access_token(subject: str, secret: bytes, lifetime: float) -> str:
    """Make a token for `subject` that ends in `lifetime` seconds."""
    now = int(time.time())
    claims = {"sub": subject, "iat": now - 120, "nbf": now - 120, "exp": now + int(lifetime)}
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    mac = hmac.digest(secret, signed.encode("ascii"), hashlib.sha256)
    return f"{signed}.{_base64(mac)}"


def _part(value: dict[str, object]) -> str:
    return _base64(json.dumps(value).encode("ascii"))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
