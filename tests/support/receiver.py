"""A webhook receiver on this machine: an HTTP server that remembers what came and answers as it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Answering = Callable[[Received], "Awaitable[web.StreamResponse | int] | web.StreamResponse | int"]


@dataclass(slots=True)
class Receiver:
    """Listens on a loopback port inside `async with`; `answer` is a status, or decides for each request."""

    answer: int | Answering = 204
    received: list[Received] = field(default_factory=list)
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.received]

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        received = Received({name.lower(): value for name, value in request.headers.items()}, await request.read())
        self.received.append(received)
        answer = self.answer(received) if callable(self.answer) else self.answer
        if not isinstance(answer, int | web.StreamResponse):
            answer = await answer
        return web.Response(status=answer) if isinstance(answer, int) else answer


async def raw_receiver(play: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> asyncio.Server:
    """Listen for connections, each played as told: for what no HTTP server does."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await play(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    return await asyncio.start_server(take, "127.0.0.1", 0)
