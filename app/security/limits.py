"""Bounds of this room, each with its reason."""

#: Bytes of a key: AES-256.
KEY_BYTES = 32

#: Keys in a ring: each rotation adds one, and old ones go when nothing is sealed with them any more.
MAX_KEYS = 64

#: Bytes read of a key file: `MAX_KEYS` lines of at most 32 + 1 + 44 characters, with room for comments.
MAX_KEY_FILE = 16_384

#: Random bytes of a GCM nonce (NIST SP 800-38D section 8.2.2). At 96 random bits a key is good for 2^32 seals.
NONCE_BYTES = 12

#: Characters of a new token's secret, 5 bits each: 200 bits.
TOKEN_SECRET_CHARACTERS = 40

#: Characters of a new token's id, 5 bits each: 80 bits never collide in practice.
TOKEN_ID_CHARACTERS = 16

#: Bytes of a link's signature: 144 bits (18 bytes fill base64 without padding), over the 128 that cannot be guessed.
LINK_SIGNATURE_BYTES = 18
