"""Storing a message (RFC 9051 section 6.3.12), its bytes streamed through in constant memory."""

from collections.abc import Iterator

from app.domain.edits import Appended, MessageSource
from app.domain.errors import (
    InvalidRequest,
    OutcomeUnknown,
    PayloadTooLarge,
    UpstreamProtocolError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.imap.errors import edit_refusal
from app.imap.limits import MAX_LITERAL_AT_ONCE
from app.imap.selection import Selection
from app.imap.sending import flags_written, target_name
from app.imap.wire.commands import Argument, Command, UnsafeCommand
from app.imap.wire.date_time import write_date
from app.imap.wire.uid_codes import appended_uid


def append(
    selection: Selection,
    mailbox: str,
    message: MessageSource,
    flags: tuple[str, ...],
    received: str | None,
    deadline: float,
) -> Appended:
    """Store a message. See `AppendSession.append`.

    The source is read twice: once to see that it is as long as it says and has no NUL, which IMAP cannot carry (RFC
    9051 section 9, CHAR8) and which would be found half-way otherwise. A message over a bound waits until the server
    asks for it, so that a refusal (no room, no such mailbox) comes before the bytes have gone.
    """
    limit = selection.features.append_limit
    if limit is not None and message.size > limit:
        raise PayloadTooLarge(f"The mail server takes messages of at most {limit} bytes.")
    arguments: list[Argument] = [target_name(mailbox)]
    if flags:
        arguments.append(b"(" + b" ".join(flags_written(flags)) + b")")
    if received is not None:
        arguments.append(_date(received))
    if not message.size:
        raise InvalidRequest("The message is empty.")
    if any(b"\0" in chunk for chunk in _exactly(message)):
        raise InvalidRequest("The message holds a NUL character, which no mail server takes.")
    upload = _Upload(message)
    try:
        reply = selection.upload(
            Command(b"APPEND", tuple(arguments)),
            message.size,
            upload.chunks(),
            deadline,
            goes_at_once=message.size <= MAX_LITERAL_AT_ONCE,
        )
    except (UpstreamUnavailable, UpstreamTimeout, UpstreamProtocolError) as error:
        if upload.is_over:
            raise OutcomeUnknown(f"{error.detail} The message had been sent, and may have been stored.") from None
        raise
    reply.require_ok(edit_refusal)
    place = appended_uid(reply.code)
    return Appended(None, None) if place is None else Appended(*place)


class _Upload:
    """The bytes of a message on their way out; `is_over` once all were read to be sent."""

    def __init__(self, message: MessageSource) -> None:
        self._message = message
        self.is_over = False

    def chunks(self) -> Iterator[bytes]:
        """Yield them. Raises ValueError for a source that has another content than before: too late for a refusal."""
        for chunk in _exactly(self._message):
            if b"\0" in chunk:
                raise ValueError("the message changed while it was sent")
            yield chunk
        self.is_over = True


def _exactly(message: MessageSource) -> Iterator[bytes]:
    """Yield the source's bytes. Raises ValueError when they are more or fewer than it says."""
    size = 0
    for chunk in message.chunks():
        size += len(chunk)
        if size > message.size:
            raise ValueError("the message is longer than it says")
        yield chunk
    if size != message.size:
        raise ValueError("the message is shorter than it says")


def _date(received: str) -> bytes:
    try:
        return write_date(received)
    except UnsafeCommand:
        raise InvalidRequest("The time of receipt is not ISO 8601 with an offset.") from None
