"""Places in the event log, as clients hold them: opaque tokens of log epoch and position.

One token serves every channel: `since` of the changes, `Last-Event-ID` of the stream, `after` of subscriptions,
`position` in webhooks, `changes_token` of copies.
"""

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass

from app.domain.errors import CursorExpired, InvalidRequest

_LAYOUT = struct.Struct(">BQQ")
_CHECK = struct.Struct(">I")
_VERSION = 1
_LENGTH = -(-(_LAYOUT.size + _CHECK.size) * 4 // 3)
_NOT_OURS = "This is not a token of the event log."


@dataclass(frozen=True, slots=True)
class LogPosition:
    """A place in the log: everything up to `position` is known. `epoch` is the identity of the log itself."""

    epoch: int
    position: int


@dataclass(frozen=True, slots=True)
class LogHead:
    """The log at one moment: `position` is the last event's, `floor` that of the last one that was trimmed."""

    epoch: int
    position: int
    floor: int

    @property
    def token(self) -> str:
        """The token of the end of the log."""
        return write_token(LogPosition(self.epoch, self.position))

    def token_at(self, position: int) -> str:
        """Return the token of a position in this log."""
        return write_token(LogPosition(self.epoch, position))

    def require(self, known: LogPosition) -> int:
        """Return the position to go on behind.

        Raises CursorExpired for another log's, for one past the end (the log was restored from a backup) and for one
        whose following events were trimmed.
        """
        if known.epoch != self.epoch or known.position > self.position or known.position < self.floor:
            raise CursorExpired(
                "The event log does not reach back to this token. Ask the feed for a new one, without `since`, or read "
                "`/v1/accounts/{account}/mailboxes/{mailbox}/state`, and go on from there."
            )
        return known.position


def write_token(known: LogPosition) -> str:
    """Spell a place for a client: URL-safe, and fit for a header."""
    raw = _LAYOUT.pack(_VERSION, known.epoch, known.position)
    return base64.urlsafe_b64encode(raw + _CHECK.pack(zlib.crc32(raw))).rstrip(b"=").decode("ascii")


def read_token(text: str) -> LogPosition:
    """Read a client's token. Raises InvalidRequest for what never was one."""
    if len(text) != _LENGTH:
        raise InvalidRequest(_NOT_OURS)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(_NOT_OURS) from None
    body, check = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    version, epoch, position = _LAYOUT.unpack(body)
    known = LogPosition(epoch, position)
    if version != _VERSION or check != _CHECK.pack(zlib.crc32(body)) or write_token(known) != text:
        raise InvalidRequest(_NOT_OURS)
    return known
