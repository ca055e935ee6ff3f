"""The keys that protect secrets at rest: their written form and what is made from them."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.security.limits import KEY_BYTES, MAX_KEYS

_KEY_ID = re.compile(r"[a-z0-9_-]{1,32}", re.ASCII)
_FINGERPRINT_OF = b"mailhatch key fingerprint v1"


class KeyringError(Exception):
    """The encryption keys are missing, malformed or not the ones the data was sealed with.

    Met at start-up by the operator, who reads its message: it says what to do and holds no key. Never a client's.
    """


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `id` is public and stored with what it sealed, `material` is 32 secret bytes."""

    id: str
    material: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by preference: the first encrypts, the others still open what they sealed before a rotation."""

    keys: tuple[Key, ...]

    @property
    def current(self) -> Key:
        """The key that encrypts."""
        return self.keys[0]

    def fingerprints(self) -> dict[str, str]:
        """Tell by key id what recognises a key without giving it away: 128 bits of an HMAC over a constant, in hex.

        Stored beside the data, it shows at start-up that a key is missing, or that another one has its id.
        """
        return {key.id: hmac.digest(key.material, _FINGERPRINT_OF, hashlib.sha256)[:16].hex() for key in self.keys}

    def derive(self, purpose: str) -> bytes:
        """Make a 32-byte key for `purpose` from the current key (HKDF-SHA256, RFC 5869); another purpose, another key.

        It changes with every rotation, so it suits what is short-lived, such as signed links.
        """
        hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"mailhatch " + purpose.encode())
        return hkdf.derive(self.current.material)


def parse_keyring(text: str) -> Keyring:
    """Read `id:base64` entries, separated by commas or lines; lines that begin with `#` are comments.

    Raises KeyringError that names the entry by its number or id, never by its content.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    entries = [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]
    if not entries:
        raise KeyringError("There is no encryption key. Make one with `mailhatch keys generate`.")
    if len(entries) > MAX_KEYS:
        raise KeyringError(f"There are more than {MAX_KEYS} encryption keys.")
    keys = tuple(_parse_key(number, entry) for number, entry in enumerate(entries, 1))
    if len({key.id for key in keys}) < len(keys):
        raise KeyringError("Two encryption keys have the same id. Give each its own.")
    return Keyring(keys)


def generate_key(key_id: str) -> str:
    """Make a random key in its written form, `id:base64`. Raises KeyringError when the id is not `[a-z0-9_-]{1,32}`."""
    if not _KEY_ID.fullmatch(key_id):
        raise KeyringError("A key id is 1 to 32 lower-case letters, digits, `_` or `-`.")
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode('ascii')}"


def _parse_key(number: int, entry: str) -> Key:
    key_id, colon, encoded = entry.partition(":")
    if not colon or not _KEY_ID.fullmatch(key_id):
        raise KeyringError(f"Encryption key {number} is not `id:base64` with an id of lower-case letters and digits.")
    try:  # both base64 alphabets, since secret stores and tools write either
        material = base64.b64decode(encoded.strip().translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except (binascii.Error, ValueError):
        raise KeyringError(f"Encryption key `{key_id}` is not base64.") from None
    if len(material) != KEY_BYTES:
        raise KeyringError(f"Encryption key `{key_id}` has {len(material)} bytes instead of {KEY_BYTES}.")
    return Key(key_id, material)
