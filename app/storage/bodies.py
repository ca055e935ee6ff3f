"""Downloaded messages on disk, encrypted, and bounded in bytes.

A file is frames of 64 KiB, each sealed by itself (AES-256-GCM), so that any range can be read without the rest. The
nonce of a frame is its number in the file under a random prefix; whose message it is and whether it is the last one are
authenticated, so frames cannot be moved, and the end of a file that was cut short does not open.
"""

import contextlib
import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.errors import StorageUnavailable
from app.domain.ids import AccountId
from app.domain.ports import BodyKey
from app.storage import limits

FRAME: Final = 64 * 1024
_TAG: Final = 16
_PREFIX: Final = 8
_MAGIC: Final = b"MHB1"
_HEAD: Final = len(_MAGIC) + _PREFIX


class DiskBodyCache:
    """Implements `app.domain.ports.BodyCache` in a folder that belongs to one process.

    Files of an earlier run are found again by what they are called; with other keys they cannot be opened, and go.
    """

    def __init__(self, folder: Path, budget: int, key: bytes) -> None:
        """Take the folder (made when missing), the budget in bytes, and a key of 32 bytes."""
        self._folder = folder
        self._budget = budget
        self._cipher = AESGCM(key)
        self._lock = threading.Lock()
        self._files: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._used = 0
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._find()
        except OSError:
            raise _unavailable() from None

    @property
    def used(self) -> int:
        """Bytes on disk."""
        return self._used

    def writer(self, key: BodyKey) -> "DiskBodyWriter":
        """Begin to write a message. Raises StorageUnavailable."""
        try:
            account, _ = _names(key)
            (self._folder / account).mkdir(exist_ok=True, mode=0o700)
            temporary = self._folder / account / f"{secrets.token_hex(8)}.part"
            return DiskBodyWriter(self, key, temporary, self._cipher)
        except OSError:
            raise _unavailable() from None

    def size(self, key: BodyKey) -> int | None:
        """Bytes of a kept message; None when it is not there."""
        with self._lock:
            size = self._files.get(_names(key))
        return None if size is None else _size(size)

    def read(self, key: BodyKey, offset: int, length: int) -> bytes | None:
        """At most `length` bytes from `offset`; None when the message is not there, or its file is damaged."""
        if (size := self.size(key)) is None:
            return None
        try:
            data = self._decrypt(key, size, offset, min(size, offset + length))
        except (OSError, InvalidTag, ValueError):
            self._drop(*_names(key))
            return None
        with self._lock, contextlib.suppress(KeyError):
            self._files.move_to_end(_names(key))
        return data

    def forget(self, account_id: AccountId) -> None:
        """Drop all of an account."""
        account = _account_name(account_id)
        with self._lock:
            gone = [name for name in self._files if name[0] == account]
        for name in gone:
            self._drop(*name)
        with contextlib.suppress(OSError):
            (self._folder / account).rmdir()

    def kept(self, key: BodyKey, temporary: Path) -> None:
        """Take a finished file."""
        name = _names(key)
        place = self._folder / name[0] / name[1]
        try:
            size = temporary.stat().st_size
            temporary.replace(place)
        except OSError:
            raise _unavailable() from None
        with self._lock:
            self._used += size - self._files.pop(name, 0)
            self._files[name] = size
            over = self._over()
        for account, file in over:
            with contextlib.suppress(OSError):
                (self._folder / account / file).unlink()

    def _over(self) -> list[tuple[str, str]]:
        """Choose what has to go; the last one stays even when it is over the budget alone: somebody is reading it."""
        over = []
        while self._used > self._budget and len(self._files) > 1:
            name, size = self._files.popitem(last=False)
            self._used -= size
            over.append(name)
        return over

    def _drop(self, account: str, file: str) -> None:
        with self._lock:
            self._used -= self._files.pop((account, file), 0)
        with contextlib.suppress(OSError):
            (self._folder / account / file).unlink()

    def _find(self) -> None:
        found: list[tuple[float, str, str, int]] = []
        for path in self._folder.glob("*/*"):
            about = path.stat()
            if path.suffix == ".part":
                if about.st_mtime < time.time() - limits.BODY_PART:  # of a process that was killed
                    path.unlink(missing_ok=True)
                continue
            found.append((about.st_mtime, path.parent.name, path.name, about.st_size))
        for _, account, file, size in sorted(found):
            self._files[account, file] = size
            self._used += size

    def _decrypt(self, key: BodyKey, size: int, offset: int, end: int) -> bytes:
        account, name = _names(key)
        first, last = offset // FRAME, max(0, size - 1) // FRAME
        pieces = []
        with (self._folder / account / name).open("rb") as file:
            head = file.read(_HEAD)
            if head[: len(_MAGIC)] != _MAGIC:
                raise ValueError("not one of our files")
            for number in range(first, max(first, -(-end // FRAME))):
                file.seek(_HEAD + number * (FRAME + _TAG))
                sealed = file.read(FRAME + _TAG)
                place = _place(key, is_last=number == last)
                pieces.append(self._cipher.decrypt(_nonce(head[len(_MAGIC) :], number), sealed, place))
        return b"".join(pieces)[offset - first * FRAME : max(0, end - first * FRAME)]


class DiskBodyWriter:
    """Implements `app.domain.ports.BodyWriter`: a frame is sealed when the next one begins, or as the last one."""

    def __init__(self, cache: DiskBodyCache, key: BodyKey, temporary: Path, cipher: AESGCM) -> None:
        """Begin a file."""
        self._cache = cache
        self._key = key
        self._temporary = temporary
        self._cipher = cipher
        self._prefix = secrets.token_bytes(_PREFIX)
        self._held = bytearray()
        self._frames = 0
        self._file = temporary.open("xb")
        self._file.write(_MAGIC + self._prefix)

    def write(self, data: bytes) -> None:
        """Take the next bytes. Raises StorageUnavailable."""
        self._held += data
        try:
            while len(self._held) > FRAME:
                self._put(bytes(self._held[:FRAME]), is_last=False)
                del self._held[:FRAME]
        except OSError:
            raise _unavailable() from None

    def keep(self) -> None:
        """Seal what is left, and hand the file to the cache. Raises StorageUnavailable."""
        try:
            self._put(bytes(self._held), is_last=True)
            self._file.close()
            self._cache.kept(self._key, self._temporary)
        except OSError:
            raise _unavailable() from None
        finally:
            self.discard()

    def discard(self) -> None:
        """Forget what came."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink()

    def _put(self, frame: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._frames)
        self._file.write(self._cipher.encrypt(nonce, frame, _place(self._key, is_last=is_last)))
        self._frames += 1


def _names(key: BodyKey) -> tuple[str, str]:
    return _account_name(key.account_id), f"{key.uidvalidity}-{key.uid}"


def _account_name(account_id: AccountId) -> str:
    """Name a folder: an id comes from outside, and is no path."""
    return hashlib.sha256(account_id.encode()).hexdigest()[:32]


def _size(file_size: int) -> int:
    """Tell the bytes of a message from those of its file; there is one frame at least."""
    sealed = file_size - _HEAD
    frames = -(-sealed // (FRAME + _TAG))
    return sealed - frames * _TAG


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(4, "big")


def _place(key: BodyKey, *, is_last: bool) -> bytes:
    return f"body {key.account_id} {key.uidvalidity} {key.uid} {'last' if is_last else 'more'}".encode()


def _unavailable() -> StorageUnavailable:
    return StorageUnavailable("The cache of message bodies cannot be written.", retry_after=limits.RETRY_AFTER)
