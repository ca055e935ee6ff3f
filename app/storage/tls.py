"""TLS to PostgreSQL, its files read once: asyncpg would read them again for every connection, on the event loop."""

import ssl
from pathlib import Path
from typing import Literal

from app.storage.errors import StorageError

TlsMode = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]
"""The modes of libpq (PostgreSQL manual, section 34.19.3). `prefer` is settled once, when the database is opened."""


def tls_context(mode: TlsMode, authorities: Path | None) -> ssl.SSLContext | None:
    """Make what connections are encrypted with; None is no TLS. Reads files: call it off the event loop.

    `authorities` is a PEM file in place of the system's, and turns `require` into `verify-ca`, as libpq does. Raises
    StorageError when it cannot be read.
    """
    if mode == "disable":
        return None
    verified = mode in {"verify-ca", "verify-full"} or (mode == "require" and authorities is not None)
    if not verified:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context = ssl.create_default_context(cafile=authorities)
    except OSError as error:  # SSLError is one
        raise StorageError(f"The file {authorities} in the database URL's sslrootcert cannot be used.") from error
    context.check_hostname = mode == "verify-full"
    return context
