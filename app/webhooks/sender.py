"""One attempt: a signed POST, its answer or what went wrong. It never raises for what a receiver does."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from app import __version__
from app.domain.webhooks import Answer
from app.net.http import AddressRefused
from app.webhooks.limits import ANSWER_BYTES, ANSWER_SECONDS, ATTEMPT_SECONDS, CONNECT_SECONDS

_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": f"Mailhatch/{__version__}",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class Times:
    """Bounds of an attempt in seconds, other ones for tests."""

    connect: float = CONNECT_SECONDS
    total: float = ATTEMPT_SECONDS
    answer: float = ANSWER_SECONDS


class Sender:
    """POSTs to receivers, over a session whose connections go to checked addresses alone."""

    def __init__(self, session: aiohttp.ClientSession, *, allow_insecure: bool, times: Times | None = None) -> None:
        """Take the session (`app.net.http.open_http`), and whether `http://` may be used."""
        times = times or Times()
        self._session = session
        self._allow_insecure = allow_insecure
        self._timeout = aiohttp.ClientTimeout(total=times.total, connect=times.connect, sock_connect=times.connect)
        self._answer_seconds = times.answer

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Make one attempt, at most 15 seconds long. Redirects are not followed; of the answer 2 kB are read."""
        started = time.monotonic()
        try:
            target = URL(url)
        except ValueError:
            return Answer(None, 0.0, error="invalid_url")
        if target.scheme != "https" and not self._allow_insecure:
            return Answer(None, 0.0, error="blocked", blocked_by="insecure_url")
        try:
            async with self._session.post(
                target, data=body, headers=_HEADERS | dict(headers), allow_redirects=False, timeout=self._timeout
            ) as response:
                told = await self._beginning(response.content)
                retry_after = retry_seconds(response.headers.get("Retry-After"))
                taken = time.monotonic() - started
                return Answer(response.status, taken, body=told, retry_after=retry_after)
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            code, blocked_by = _what(error)
            return Answer(None, time.monotonic() - started, error=code, blocked_by=blocked_by)

    async def _beginning(self, content: aiohttp.StreamReader) -> str:
        """Read what the log keeps. The status is there already: an answer that drips, breaks or never ends is cut."""
        told = bytearray()
        try:
            async with asyncio.timeout(self._answer_seconds):
                while len(told) < ANSWER_BYTES and (chunk := await content.read(ANSWER_BYTES - len(told))):
                    told += chunk
        except (TimeoutError, aiohttp.ClientError, OSError):
            pass
        return told.decode("utf-8", "replace").replace("\0", "\ufffd")


def retry_seconds(header: str | None) -> float | None:
    """Read `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date; None for anything else."""
    if header is None or len(header) > 64:
        return None
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _what(error: BaseException) -> tuple[str, str | None]:
    """Name what went wrong, by type and never by text: it ends up in the delivery log."""
    if isinstance(getattr(error, "os_error", None), AddressRefused):
        return "blocked", "private_address"
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            return code, None
    return "connection_failed", None


#: The first that fits, special ones before the general ones they are kinds of.
_CODES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((aiohttp.ConnectionTimeoutError,), "connect_timeout"),
    ((TimeoutError,), "timeout"),
    (aiohttp.ClientConnectorDNSError, "unknown_host"),
    ((aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError), "tls_failed"),
    (aiohttp.ClientConnectorError, "connection_failed"),
    ((aiohttp.InvalidURL, ValueError), "invalid_url"),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError), "connection_lost"),
    ((aiohttp.ClientResponseError, aiohttp.ClientPayloadError), "protocol_error"),
)
