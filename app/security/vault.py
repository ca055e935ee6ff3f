"""Secrets at rest: AES-256-GCM, bound to the place they are kept in."""

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.security.keyring import Keyring, KeyringError
from app.security.limits import NONCE_BYTES

_VERSION = 1
_TAG_BYTES = 16
_NOT_SEALED = "A stored secret is not in a form this version knows."


class SealBroken(KeyringError):
    """A stored secret was changed, moved to another place, or sealed with another key of the same id."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The layout: version (1 byte), length of the key id (1), key id, nonce (12), ciphertext with its tag (16)."""

    header: bytes
    key_id: str
    nonce: bytes
    ciphertext: bytes

    @classmethod
    def parse(cls, sealed: bytes) -> "_Sealed":
        if len(sealed) < 2 or sealed[0] != _VERSION:
            raise SealBroken(_NOT_SEALED)
        end = 2 + sealed[1]
        key_id = sealed[2:end]
        if not key_id.isascii() or len(sealed) < end + NONCE_BYTES + _TAG_BYTES:
            raise SealBroken(_NOT_SEALED)
        return cls(sealed[:end], key_id.decode("ascii"), sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :])


class Vault:
    """Seals secrets and opens them again. Safe from any thread."""

    def __init__(self, keyring: Keyring) -> None:
        """Take the keys; the first one seals."""
        self._keyring = keyring
        self._ciphers = {key.id: AESGCM(key.material) for key in keyring.keys}

    def seal(self, plaintext: bytes, bound_to: str) -> bytes:
        """Encrypt under the current key. `bound_to` names the one place it may be opened in, such as row and column."""
        key_id = self._keyring.current.id
        header = bytes((_VERSION, len(key_id))) + key_id.encode("ascii")
        nonce = secrets.token_bytes(NONCE_BYTES)
        return header + nonce + self._ciphers[key_id].encrypt(nonce, plaintext, _bind(header, bound_to))

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Decrypt what was sealed for the same `bound_to`.

        Raises KeyringError when its key is not in the ring, SealBroken when a bit or the place differs.
        """
        parts = _Sealed.parse(sealed)
        cipher = self._ciphers.get(parts.key_id)
        if cipher is None:
            raise KeyringError("A stored secret was sealed with a key that is missing. Add the old key to the ring.")
        try:
            return cipher.decrypt(parts.nonce, parts.ciphertext, _bind(parts.header, bound_to))
        except InvalidTag:
            raise SealBroken("A stored secret cannot be opened: it, its place or its key is another.") from None

    def key_id(self, sealed: bytes) -> str:
        """Tell which key sealed this, as it claims. Raises SealBroken when it is not sealed at all."""
        return _Sealed.parse(sealed).key_id

    def is_current(self, sealed: bytes) -> bool:
        """Whether the current key sealed this; if not, sealing it anew completes a rotation. Raises SealBroken."""
        return self.key_id(sealed) == self._keyring.current.id

    def derive(self, purpose: str) -> bytes:
        """Make a 32-byte key for `purpose`; see `Keyring.derive`."""
        return self._keyring.derive(purpose)

    def fingerprints(self) -> dict[str, str]:
        """Tell what recognises each key; see `Keyring.fingerprints`."""
        return self._keyring.fingerprints()


def _bind(header: bytes, bound_to: str) -> bytes:
    """The additional data: the header says its own length, so no two pairs look alike."""
    return header + bound_to.encode("utf-8")
