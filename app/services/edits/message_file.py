"""A message on its way to the mail server: a small one in memory, a large one in a file that nobody else can open."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Iterator
from typing import IO, Self

from app.domain.edits import MessageSource
from app.domain.errors import PayloadTooLarge, StorageUnavailable
from app.mime.intake import Intake
from app.services.edits.limits import MEMORY_BYTES

_READ = 256 * 1024


class MessageFile:
    """Takes a message chunk by chunk, checked and with CRLF line ends; never more than a megabyte in memory.

    An asynchronous context manager: what it holds is gone at its end, and with the process whatever kills that.
    """

    def __init__(self, most: int) -> None:
        """Take the largest size in bytes."""
        self._most = most
        self._intake = Intake()
        self._digest = hashlib.sha256()
        self._memory: list[bytes] = []
        self._waiting = 0
        self._file: IO[bytes] | None = None
        self.size = 0

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let the bytes go."""
        self._memory.clear()
        if self._file is not None:
            await asyncio.to_thread(self._file.close)

    @property
    def digest(self) -> bytes:
        """SHA-256 of what was taken."""
        return self._digest.digest()

    @property
    def message_id(self) -> str | None:
        """Its Message-ID without brackets, once it was taken whole."""
        return self._intake.message_id

    async def write(self, chunk: bytes) -> None:
        """Take a chunk. Raises InvalidRequest, PayloadTooLarge, StorageUnavailable when the disk is full."""
        await self._take(self._intake.feed(chunk))

    async def finish(self) -> None:
        """The message is whole. Raises InvalidRequest."""
        await self._take(self._intake.finish())
        if self._file is not None:
            await self._flush()

    def source(self) -> MessageSource:
        """Return the message for the mail server; good until the end of the context."""
        if self._file is None:
            kept = tuple(self._memory)
            return MessageSource(self.size, lambda: iter(kept))
        file = self._file
        return MessageSource(self.size, lambda: _chunks(file))

    async def _take(self, data: bytes) -> None:
        if not data:
            return
        self.size += len(data)
        if self.size > self._most:
            raise PayloadTooLarge(f"A message may have {self._most} bytes.")
        self._digest.update(data)
        self._memory.append(data)
        self._waiting += len(data)
        if self._waiting > MEMORY_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        data, self._memory, self._waiting = self._memory, [], 0
        try:
            self._file = await asyncio.to_thread(_appended, self._file, data)
        except OSError as error:
            raise StorageUnavailable("The service has no room for this upload right now.") from error


def _appended(file: IO[bytes] | None, data: list[bytes]) -> IO[bytes]:
    if file is None:
        file = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as its MessageFile
    file.writelines(data)
    file.flush()
    return file


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Read a file on a descriptor of its own: the file may be closed meanwhile, when the call was given up."""
    descriptor = os.dup(file.fileno())
    try:
        offset = 0
        while chunk := os.pread(descriptor, _READ, offset):
            yield chunk
            offset += len(chunk)
    finally:
        os.close(descriptor)
