"""A loopback TCP proxy that counts what passes and can hold, slice, slow or cut it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

CHUNK = 65536


@dataclass(slots=True)
class Counts:
    """What passed. A round trip is one change of direction: the client spoke, then the server answered."""

    connections: int = 0
    round_trips: int = 0
    client_bytes: int = 0
    server_bytes: int = 0

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(
            self.connections - other.connections,
            self.round_trips - other.round_trips,
            self.client_bytes - other.client_bytes,
            self.server_bytes - other.server_bytes,
        )

    def copy(self) -> "Counts":
        return self - Counts()


@dataclass(slots=True, eq=False)
class _Link:
    """One client and the connection to the server made for it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    client_spoke_last: bool = False
    #: What the client sent, kept only when the proxy records.
    sent: bytearray = field(default_factory=bytearray)

    def abort(self) -> None:
        for writer in (self.client, self.server):
            writer.transport.abort()


class Proxy:
    """A proxy in a thread of its own, before `host`:`port`. Use as a context manager; it listens on `host`, `port`
    of its own. All methods may be called from any thread.

    `latency` is the seconds each direction takes. With `record` every byte the client sends is kept in `sent`.
    """

    def __init__(self, host: str, port: int, *, latency: float = 0.0, record: bool = False) -> None:
        self._target = (host, port)
        self._latency = latency
        self._record = record
        self._counts = Counts()
        self._links: set[_Link] = set()
        self._sent: list[bytearray] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="test proxy", daemon=True)
        self._started = threading.Event()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._slice_pace: float | None = None
        self._server_bytes_left: int | None = None
        self._accepts = True
        self._ended = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.host = "127.0.0.1"
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(10):
            raise RuntimeError("the proxy did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def counts(self) -> Counts:
        """What passed since the start."""
        return self._counts.copy()

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._links)

    @property
    def ended(self) -> int:
        """How many connections the server has ended, of which their clients have been told."""
        return self._ended

    @property
    def sent(self) -> list[bytes]:
        """What each client sent so far, in the order of their connecting."""
        return [bytes(part) for part in self._sent]

    @contextmanager
    def measure(self) -> Iterator[Counts]:
        """Count what passes inside the block: the yielded counts are filled at its end."""
        before, result = self.counts, Counts()
        yield result
        difference = self.counts - before
        for name in ("connections", "round_trips", "client_bytes", "server_bytes"):
            setattr(result, name, getattr(difference, name))

    def stall(self) -> None:
        """Hold back everything the server says, until `resume`."""
        self._call(self._flowing.clear)

    def resume(self) -> None:
        """Let what was held back pass, whole and at once."""

        def release() -> None:
            self._slice_pace = None
            self._flowing.set()

        self._call(release)

    def slice(self, pace: float = 0.0) -> None:
        """Pass what the server says byte by byte, `pace` seconds apart, until `resume`."""
        self._slice_pace = pace

    def cut(self) -> None:
        """Reset every connection."""
        self._call(self._abort_all)

    def cut_after(self, server_bytes: int) -> None:
        """Reset every connection once the server has said `server_bytes` more bytes; the rest is lost."""
        self._server_bytes_left = server_bytes

    def refuse(self) -> None:
        """Reset new connections, as a server does that is full; `accept` ends it."""
        self._accepts = False

    def accept(self) -> None:
        """Take new connections again."""
        self._accepts = True
        self._server_bytes_left = None

    def _call(self, action: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(run)
        if not done.wait(10):
            raise RuntimeError("the proxy does not answer")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, self.host, 0))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            self._abort_all()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            pending = asyncio.all_tasks(self._loop)
            self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def _abort_all(self) -> None:
        for link in list(self._links):
            link.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._accepts:
            writer.transport.abort()
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, server_writer)
        self._links.add(link)
        self._counts.connections += 1
        if self._record:
            self._sent.append(link.sent)
        try:
            await asyncio.gather(
                self._pump(reader, lambda data: self._to_server(link, data), server_writer),
                self._from_server(server_reader, link, writer),
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            link.abort()
            self._links.discard(link)

    async def _from_server(self, reader: asyncio.StreamReader, link: _Link, writer: asyncio.StreamWriter) -> None:
        await self._pump(reader, lambda data: self._to_client(link, data), writer)
        self._ended += 1

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        forward: Callable[[bytes], Awaitable[None]],
        writer: asyncio.StreamWriter,
    ) -> None:
        # A queue between reading and writing keeps the latency from adding up over chunks.
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            while data := await reader.read(CHUNK):
                queue.put_nowait((self._loop.time() + self._latency, data))
            queue.put_nowait((self._loop.time() + self._latency, b""))

        reading = self._loop.create_task(read())
        try:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                if not data:
                    break
                await forward(data)
            await reading
            if writer.can_write_eof():
                with suppress(OSError):
                    writer.write_eof()
        finally:
            reading.cancel()

    async def _to_server(self, link: _Link, data: bytes) -> None:
        link.client_spoke_last = True
        self._counts.client_bytes += len(data)
        if self._record:
            link.sent += data
        link.server.write(data)
        await link.server.drain()

    async def _to_client(self, link: _Link, data: bytes) -> None:
        await self._flowing.wait()
        if link.client_spoke_last:
            link.client_spoke_last = False
            self._counts.round_trips += 1
        if self._server_bytes_left is not None:
            data = data[: self._server_bytes_left]
            self._server_bytes_left -= len(data)
        self._counts.server_bytes += len(data)
        position = 0
        while position < len(data):
            pace = self._slice_pace
            step = len(data) if pace is None else 1
            link.client.write(data[position : position + step])
            await link.client.drain()
            if pace is not None:
                await asyncio.sleep(pace)
            position += step
        if self._server_bytes_left == 0:
            self._abort_all()
