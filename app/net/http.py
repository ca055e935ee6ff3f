"""HTTP to the outside, on the event loop: aiohttp, every connection of it to a checked address.

aiohttp asks a resolver for names alone; an address in a URL goes straight to the socket. So addresses are checked
twice: the whole answer of a lookup, and whatever a socket is made for, which nothing gets around.
"""

import asyncio
import socket
import ssl
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from app.domain.errors import HostNotAllowed
from app.net.guard import AddressGuard
from app.net.limits import HTTP_KEEPALIVE, MAX_HTTP_LOOKUPS
from app.net.lookup import Resolver, begin_lookup, resolve


class AddressRefused(OSError):
    """The address may not be dialled; aiohttp carries it as the cause of its own error."""


def open_http(guard: AddressGuard, context: ssl.SSLContext, resolver: Resolver = resolve) -> aiohttp.ClientSession:
    """Make a session for requests to addresses a caller named; the caller closes it.

    It keeps no cookies, reads no proxy or password from the environment, unpacks nothing, and asks the name service
    anew for each connection. What a request may take in time and bytes is for the caller to say, and that redirects
    are not followed.
    """

    def checked_socket(info: Any) -> socket.socket:
        family, kind, protocol, _, target = info
        _check(guard, str(target[0]))
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        resolver=_CheckedResolver(guard, resolver),
        use_dns_cache=False,
        ssl=context,
        limit=0,  # the caller bounds what runs at a time, per receiver and in all
        keepalive_timeout=HTTP_KEEPALIVE,
        socket_factory=checked_socket,
    )
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
    )


class _CheckedResolver(AbstractResolver):
    """Answers with addresses that may be dialled; one that may not spoils the whole answer, as in `Dialer.dial`."""

    def __init__(self, guard: AddressGuard, resolver: Resolver) -> None:
        self._guard = guard
        self._resolver = resolver
        self._lookups = asyncio.Semaphore(MAX_HTTP_LOOKUPS)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 (aiohttp's; all families are wanted)
    ) -> list[ResolveResult]:
        """Look a name up. Raises OSError, AddressRefused."""
        loop = asyncio.get_running_loop()
        await self._lookups.acquire()

        def free_place() -> None:
            if not loop.is_closed():  # a lookup may outlive the service that asked
                loop.call_soon_threadsafe(self._lookups.release)

        try:
            lookup = begin_lookup(self._resolver, host, port, free_place)
        except RuntimeError:
            self._lookups.release()
            raise OSError("no free threads") from None
        try:
            addresses = await asyncio.wrap_future(lookup)
        except UnicodeError:
            raise OSError("not a host name") from None
        for address in addresses:
            _check(self._guard, address)
        return [_result(host, port, address) for address in addresses]

    async def close(self) -> None:
        """Nothing to close: a lookup under way ends by itself."""


def _check(guard: AddressGuard, address: str) -> None:
    try:
        guard.check(address)
    except HostNotAllowed:
        raise AddressRefused("the address is private or reserved") from None


def _result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)
