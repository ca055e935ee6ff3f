"""A lean HTTP/1.1 client over keep-alive connections. `python -m tests.benchmarks.http_load` takes HttpJobs."""

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

_LIMIT = 256 * 1024


class Connection:
    """One keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> tuple[int, int]:
        """Send a composed request, read the whole answer; return its status and the bytes of its body."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        length = _field(head.lower(), b"\r\ncontent-length: ")
        if length is not None:
            return status, await self._skip(int(length))
        total = 0
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            total += await self._skip(size)
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return status, total

    async def _skip(self, size: int) -> int:
        left = size
        while left:
            piece = await self._reader.read(min(left, _LIMIT))
            if not piece:
                raise ConnectionError("the service hung up")
            left -= len(piece)
        return size

    def close(self) -> None:
        self._writer.close()


def _field(head: bytes, name: bytes) -> bytes | None:
    at = head.find(name)
    return None if at < 0 else head[at + len(name) : head.index(b"\r\n", at + 2)]


class Load:
    """What all connections of a job share."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._latencies: list[float] = []
        self._failures: dict[str, int] = {}
        self._transferred = 0

    async def run(self) -> dict[str, Any]:
        job = self._job
        concurrency = job["concurrency"]
        opened = await asyncio.gather(*[self._open() for _ in range(concurrency)])
        try:
            warm = iter(job["warm"])
            await asyncio.gather(*[self._work(connection, warm, 0.0) for connection in opened])
            self._latencies, self._failures, self._transferred = [], {}, 0
            for connection in opened:  # the service hangs up on those that waited long for the others
                connection.close()
            opened = await asyncio.gather(*[self._open() for _ in range(concurrency)])
            print("ready", flush=True)
            sys.stdin.readline()
            turns = itertools.cycle(job["paths"])
            count = job["count"] if job["count"] is not None else None if job["seconds"] else concurrency
            bounded = itertools.islice(turns, count) if count is not None else turns
            cpu, begun = time.process_time(), time.perf_counter()
            await asyncio.gather(*[self._work(connection, bounded, job["seconds"]) for connection in opened])
            return {
                "latencies": self._latencies,
                "wall": time.perf_counter() - begun,
                "cpu": time.process_time() - cpu,
                "transferred": self._transferred,
                "failures": self._failures,
            }
        finally:
            for connection in opened:
                connection.close()

    async def _open(self) -> Connection:
        reader, writer = await asyncio.open_connection(self._job["host"], self._job["port"], limit=_LIMIT)
        return Connection(reader, writer)

    async def _work(self, connection: Connection, paths: Iterator[str], seconds: float) -> None:
        ends = time.perf_counter() + seconds if seconds else float("inf")
        for path in paths:
            request = self._composed(path)
            begun = time.perf_counter()
            status, size = await connection.ask(request)
            now = time.perf_counter()
            self._latencies.append(now - begun)
            self._transferred += size
            if status != 200:
                self._failures[str(status)] = self._failures.get(str(status), 0) + 1
            if now >= ends:
                return

    def _composed(self, what: str) -> bytes:
        """Write a request: `what` is the address of a GET, or method, address and JSON body."""
        method, path, body = what.split(" ", 2) if " " in what else ("GET", what, "")
        entity = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {self._job['host']}:{self._job['port']}\r\n"
            f"Authorization: Bearer {self._job['token']}\r\n{entity}\r\n{body}"
        ).encode("ascii")


def main() -> None:
    """Do one job a line until there are no more."""
    while line := sys.stdin.readline():
        job = json.loads(line)
        os.sched_setaffinity(0, set(job["cores"]))
        print(json.dumps(asyncio.run(Load(job).run())), flush=True)


if __name__ == "__main__":
    main()
