"""Parts and whole messages as byte streams, in constant memory."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from app.domain.access import Principal, Scope
from app.domain.errors import NotFound, StaleReference
from app.domain.message import Part
from app.domain.ports import MailGateway
from app.domain.query import MessageAddress
from app.mime.encodings import TransferDecoder
from app.services.limits import KNOWN_SIZES
from app.services.messages import Messages, OpenedMessage


@dataclass(frozen=True, slots=True)
class PartContent:
    """A part somebody may download: what it is, and how to read it."""

    opened: OpenedMessage
    section: str
    content_type: str
    charset: str | None
    filename: str | None
    encoding: str


class Parts:
    """Downloads."""

    def __init__(self, messages: Messages, gateway: MailGateway, timeout: float) -> None:
        """Take the finder of messages, the way to the mail, and the deadline of each chunk in seconds."""
        self._messages = messages
        self._gateway = gateway
        self._timeout = timeout
        self._sizes: OrderedDict[tuple[str, str, str], int] = OrderedDict()

    async def part(self, principal: Principal, account_id: str, message: str, section: str) -> PartContent:
        """Find a part by its section. Needs `mail.body.read`. Raises NotFound."""
        opened = await self._messages.open(principal, account_id, message, Scope.MAIL_BODY_READ)
        facts = await self._messages.structure(opened)
        found = next((part for part in facts.structure.leaves() if part.section == section), None)
        if found is None:
            found = _attached_message(facts.structure, section)
        if found is None:
            raise NotFound("This message has no such part.")
        return PartContent(opened, section, found.content_type, found.charset, found.filename, found.encoding)

    async def raw(self, principal: Principal, account_id: str, message: str) -> PartContent:
        """Find the whole message as it lies on the server (RFC 5322). Needs `mail.body.read`."""
        opened = await self._messages.open(principal, account_id, message, Scope.MAIL_BODY_READ)
        return PartContent(opened, "", "message/rfc822", None, None, "8bit")

    async def read(self, content: PartContent, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Yield the decoded bytes from `start` up to, not including, `stop`.

        Encoded parts are decoded from their beginning: only then is it known where a byte lies. The first chunk raises
        what is wrong.
        """
        decoder = TransferDecoder(content.encoding)
        position = 0
        async for encoded in self._encoded(content):
            data = await asyncio.to_thread(decoder.feed, encoded)  # up to 0.2 s for a hostile chunk
            piece = data[max(0, start - position) : None if stop is None else max(0, stop - position)]
            position += len(data)
            if piece:
                yield piece
            if stop is not None and position >= stop:
                return
        data = decoder.finish()
        piece = data[max(0, start - position) : None if stop is None else max(0, stop - position)]
        position += len(data)
        if piece:
            yield piece
        self._remember(content, position)

    def known_size(self, content: PartContent) -> int | None:
        """Return the decoded size in bytes if a whole pass has shown it: what servers announce is an estimate."""
        return self._sizes.get(_key(content))

    async def size(self, content: PartContent) -> int:
        """Return the decoded size in bytes, reading the part once if it is not known."""
        known = self.known_size(content)
        if known is not None:
            return known
        total = 0
        async with aclosing(self.read(content)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                total += len(chunk)
        return total

    async def _encoded(self, content: PartContent) -> AsyncIterator[bytes]:
        """Yield the part as it lies on the server, from where it is now if its mailbox was renamed."""
        opened = content.opened
        has_begun = False
        try:
            async for chunk in self._stream(content, opened.address):
                has_begun = True
                yield chunk
        except (NotFound, StaleReference) as error:
            address = None if has_begun else await self._messages.found_again(opened)
            if address is None:
                raise await self._messages.gone(opened, error) from None
        else:
            return
        async for chunk in self._stream(content, address):
            yield chunk

    def _stream(self, content: PartContent, address: MessageAddress) -> AsyncIterator[bytes]:
        return self._gateway.stream(content.opened.account.id, address, content.section, self._timeout)

    def _remember(self, content: PartContent, size: int) -> None:
        self._sizes[_key(content)] = size
        self._sizes.move_to_end(_key(content))
        while len(self._sizes) > KNOWN_SIZES:
            self._sizes.popitem(last=False)


def _key(content: PartContent) -> tuple[str, str, str]:
    opened = content.opened
    return opened.account.id, str(opened.key), content.section


def _attached_message(root: Part, section: str) -> Part | None:
    """Find a message/rfc822 part: it has parts of its own and can still be downloaded as one."""
    return next(
        (part for part in root.walk() if part.section == section and part.content_type == "message/rfc822"), None
    )
