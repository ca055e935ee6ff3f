"""The version of a message: a short text that changes when what may change of it, its flags, has changed.

It is (MODSEQ, whose message, its flags). With CONDSTORE (RFC 7162) the MODSEQ lets the mail server itself hold a change
to what the caller has seen, in the same round trip; without it the flags are compared first. Nothing else is in it: a
signed link of another hour is not another version.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.domain.errors import PreconditionFailed

_FORM = re.compile(r"([0-9a-f]{1,16})-([A-Za-z0-9_-]{8})-([A-Za-z0-9_-]{8})\Z")


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was read: `modseq` is None where the mail server had none."""

    modseq: int | None
    flags: str


def write_version(reference: str, flags: Sequence[str], modseq: int | None) -> str:
    """Spell the version of a message (its id) with these flags."""
    return f"{modseq or 0:x}-{_digest(reference)}-{_digest_of_flags(tuple(flags))}"


def read_version(text: str, reference: str) -> Version:
    """Read a version. Raises PreconditionFailed for one of another message, or that is none: it matches no state."""
    match = _FORM.match(text)
    if match is None or match[2] != _digest(reference):
        raise PreconditionFailed("This is not a version of this message; read it again.")
    return Version(int(match[1], 16) or None, match[3])


def is_of_flags(version: Version, flags: Sequence[str]) -> bool:
    """Whether a message with these flags is of this version, as far as flags tell."""
    return version.flags == _digest_of_flags(tuple(flags))


@lru_cache(maxsize=1024)
def _digest_of_flags(flags: tuple[str, ...]) -> str:
    return _digest(*sorted(flags))


def _digest(*words: str) -> str:
    digest = hashlib.blake2b("\n".join(words).encode("utf-8", "surrogatepass"), digest_size=6)
    return base64.urlsafe_b64encode(digest.digest()).decode("ascii")
