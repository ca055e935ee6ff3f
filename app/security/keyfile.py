"""The file of encryption keys: made once, never half written, readable by nobody else."""

import errno
import logging
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.config import Settings
from app.security.keyring import Keyring, KeyringError, generate_key, parse_keyring
from app.security.limits import MAX_KEY_FILE

_log = logging.getLogger(__name__)

_FIRST_ID = "k1"
#: What file systems without hard links answer (FAT, SMB shares).
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def load_or_create_keyring(settings: Settings) -> tuple[Keyring, bool]:
    """Return the keys of the settings, else of the key file, made at the first start; True when it was made now.

    Several processes starting at once end with the same key. Raises KeyringError when keys are malformed, or the file
    cannot be read or written, or everybody may read it.
    """
    if settings.encryption_keys is not None:
        return parse_keyring(settings.encryption_keys.get_secret_value()), False
    path = settings.keys_file
    created = False
    with _plain_errors(path):
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            created = _create(path, f"{generate_key(_FIRST_ID)}\n")
        text = _read(path)
    return parse_keyring(text), created


def rotate_file(path: Path) -> str:
    """Put a new key in front of those in `path`, and return its id; the old ones stay, to open what they sealed.

    The file is replaced at once, keeping its mode and owner. Running processes use the new key from their next start.
    Raises KeyringError when there is no valid key file.
    """
    with _plain_errors(path):
        target = path.resolve()  # a link stays a link
        text = _read(target)
        taken = {key.id for key in parse_keyring(text).keys}
        key_id = next(name for number in range(1, len(taken) + 2) if (name := f"k{number}") not in taken)
        written = f"{generate_key(key_id)}\n{text}"
        parse_keyring(written)
        was = target.stat()
        with _temporary(target, written) as temporary:
            temporary.chmod(stat.S_IMODE(was.st_mode))
            with suppress(PermissionError):  # only root may give a file away; without it the owner is right already
                os.chown(temporary, was.st_uid, was.st_gid)
            temporary.replace(target)
        _sync_folder(target.parent)
    return key_id


def _read(path: Path) -> str:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and mode & stat.S_IROTH:
            raise KeyringError(f"Everybody may read the key file {path}. Run `chmod 600` on it.")
        if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IWGRP | stat.S_IWOTH):
            _log.warning("The key file %s is open to others than its owner; `chmod 600` closes it.", path)
        raw = file.read(MAX_KEY_FILE + 1)
    if len(raw) > MAX_KEY_FILE:
        raise KeyringError(f"The key file {path} is larger than {MAX_KEY_FILE} bytes.")
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise KeyringError(f"The key file {path} is not a text file of keys.") from None


def _create(path: Path, text: str) -> bool:
    """Write `path` unless it is there; tells whether it was written. Nobody ever sees half of it."""
    try:
        with _temporary(path, text) as temporary:
            path.hardlink_to(temporary)
    except FileExistsError:
        return False  # another process was first: its key counts
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            _write_new(path, text)
        except FileExistsError:
            return False
    _sync_folder(path.parent)
    return True


@contextmanager
def _temporary(path: Path, text: str) -> Iterator[Path]:
    """Yield a file beside `path` with `text` safely on disk, and remove what is left of it."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_new(temporary, text)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # some systems cannot open or sync a folder; the file itself is synced
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise KeyringError(f"There is no key file {path}. `mailhatch keys generate` makes a key.") from None
    except OSError as error:
        raise KeyringError(f"The key file {path} cannot be used: {error.strerror}.") from None
