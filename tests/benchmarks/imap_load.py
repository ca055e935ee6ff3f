"""Two IMAP clients to compare with, a thread per connection. `python -m tests.benchmarks.imap_load` takes ImapJobs.

`raw` sends composed commands and reads until the tag: what the wire itself costs. `imapclient` is used as its
documentation shows. Operations, and what a turn is for each:

    mailboxes       (nothing)                 the tree with counts
    page            [first, last]             rows by sequence number, which is the UID in a filled mailbox
    page_flags      [first, last]             the same rows when only their flags are not known
    body            [uid, [sections]]         structure, then the text sections
    body_sections   [uid, [sections]]         the text sections alone
    part            [uid, [section]]          one part, whole, as the server encodes it
    search          [criteria, [uids]]        all that answer, then the rows of these
    search_flags    [criteria, [uids]]        the same when only the flags of these are not known
    store           [first, last, verb]       `flagged` added to or removed from the messages with these UIDs
"""

import itertools
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

from imapclient import FLAGGED, IMAPClient

ROW = (
    "UID",
    "FLAGS",
    "INTERNALDATE",
    "RFC822.SIZE",
    "ENVELOPE",
    "BODYSTRUCTURE",
    "BODY.PEEK[HEADER.FIELDS (REFERENCES LIST-ID LIST-UNSUBSCRIBE LIST-UNSUBSCRIBE-POST)]<0.16384>",
)
MESSAGE = (*ROW[:-1], "BODY.PEEK[HEADER]")
#: Operations that change mail, and need the mailbox for writing.
_WRITES = frozenset(("store",))
_TREE = 'LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY))'


class Client(Protocol):
    """A logged-in connection in its mailbox; `do` returns the bytes that came, where it counts them."""

    def do(self, operation: str, turn: Any) -> int: ...

    def close(self) -> None: ...


class RawClient:
    """A socket and nothing else."""

    def __init__(self, host: str, port: int, login: tuple[str, str], mailbox: str, *, to_write: bool = False) -> None:
        self._sock = socket.create_connection((host, port), timeout=60)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1024 * 1024)
        greeting = self._sock.recv(4096)
        if not greeting.startswith(b"* OK"):
            raise ConnectionError(f"no greeting: {greeting!r}")
        self._ask(f'LOGIN {login[0]} "{login[1]}"')
        self._ask(f'{"SELECT" if to_write else "EXAMINE"} "{mailbox}"')

    def do(self, operation: str, turn: Any) -> int:
        if operation == "mailboxes":
            return self._ask(_TREE)
        if operation == "page":
            return self._ask("NOOP", f"FETCH {turn[0]}:{turn[1]} ({' '.join(ROW)})")
        if operation == "page_flags":
            return self._ask("NOOP", f"FETCH {turn[0]}:{turn[1]} (UID FLAGS)")
        if operation == "store":
            return self._ask(f"UID STORE {turn[0]}:{turn[1]} {'+' if turn[2] == 'add' else '-'}FLAGS (\\Flagged)")
        if operation in ("search", "search_flags"):
            found = self._ask("NOOP", f"UID SEARCH RETURN (ALL) {turn[0]}")
            items = " ".join(ROW) if operation == "search" else "UID FLAGS"
            return found + self._ask(f"UID FETCH {','.join(map(str, turn[1]))} ({items})")
        uid, sections = turn
        total = self._ask(f"UID FETCH {uid} ({' '.join(MESSAGE)})") if operation == "body" else 0
        return total + self._ask(f"UID FETCH {uid} ({' '.join(f'BODY.PEEK[{name}]' for name in sections)})")

    def close(self) -> None:
        self._sock.close()

    def _ask(self, *commands: str) -> int:
        """Send commands at once, read until each is answered; one round trip. Dovecot may answer NOOP last."""
        self._sock.sendall("".join(f"z{at} {command}\r\n" for at, command in enumerate(commands)).encode("ascii"))
        pending = [f"z{at} OK".encode("ascii") for at in range(len(commands))]
        total, tail = 0, b""
        while pending:
            size = self._sock.recv_into(self._buffer)
            if not size:
                raise ConnectionError("the server hung up")
            total += size
            tail = (tail + bytes(self._buffer[max(0, size - 512) : size]))[-1024:]
            if tail.endswith(b"\r\n"):
                pending = [mark for mark in pending if mark not in tail and self._buffer.find(mark, 0, size) < 0]
                if tail[:-2].rpartition(b"\r\n")[2].startswith((b"z0 NO", b"z0 BAD", b"z1 NO", b"z1 BAD", b"* BYE")):
                    raise ConnectionError(f"refused: {tail[-200:]!r}")
            else:
                pending = [mark for mark in pending[:-1] if self._buffer.find(mark, 0, size) < 0] + pending[-1:]
        return total


class PlainClient:
    """imapclient as its documentation shows it."""

    def __init__(self, host: str, port: int, login: tuple[str, str], mailbox: str, *, to_write: bool = False) -> None:
        self._imap = IMAPClient(host, port=port, ssl=False, timeout=60)
        self._imap.login(*login)
        self._imap.select_folder(mailbox, readonly=not to_write)

    def do(self, operation: str, turn: Any) -> int:
        imap = self._imap
        if operation == "mailboxes":
            for flags, _, name in imap.list_folders():
                if b"\\Noselect" not in flags:
                    imap.folder_status(name, ["MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY"])
            return 0
        if operation in ("page", "page_flags"):
            imap.noop()
            rows = imap.fetch(range(turn[0], turn[1] + 1), ROW if operation == "page" else ["FLAGS"])
            if len(rows) != turn[1] - turn[0] + 1:
                raise ConnectionError("rows are missing")
            return 0
        if operation == "store":
            change = imap.add_flags if turn[2] == "add" else imap.remove_flags
            change(range(turn[0], turn[1] + 1), [FLAGGED])
            return 0
        if operation in ("search", "search_flags"):
            imap.noop()
            newest = imap.search(turn[0])[-len(turn[1]) :]
            rows = imap.fetch(newest, ROW if operation == "search" else ["FLAGS"])
            if sorted(rows) != turn[1]:
                raise ConnectionError("something else was found")
            return 0
        uid, sections = turn
        if operation == "body":
            imap.fetch([uid], MESSAGE)
        found = imap.fetch([uid], [f"BODY.PEEK[{name}]" for name in sections])[uid]
        return sum(len(found[f"BODY[{name}]".encode()]) for name in sections)

    def close(self) -> None:
        self._imap.shutdown()


_CLIENTS: dict[str, type[RawClient] | type[PlainClient]] = {"raw": RawClient, "imapclient": PlainClient}


class Load:
    """What all connections of a job share."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._latencies: list[float] = []
        self._failures: dict[str, int] = {}
        self._transferred = 0

    def run(self) -> dict[str, Any]:
        job = self._job
        logins = itertools.cycle(job["logins"])
        clients = self._together([partial(self._open, next(logins)) for _ in range(job["concurrency"])])
        try:
            if job["operation"] in _WRITES:  # whatever was before: all turns end where they begin
                for turn in job["turns"]:
                    clients[0].do(job["operation"], turn)
            print("ready", flush=True)
            sys.stdin.readline()
            turns: Iterator[Any] = itertools.cycle(job["turns"] or [None])
            count = job["count"] if job["count"] is not None else None if job["seconds"] else job["concurrency"]
            if count is not None:
                turns = itertools.islice(turns, count)
            cpu, begun = time.process_time(), time.perf_counter()
            self._together([partial(self._work, client, turns) for client in clients])
            return {
                "latencies": self._latencies,
                "wall": time.perf_counter() - begun,
                "cpu": time.process_time() - cpu,
                "transferred": self._transferred,
                "failures": self._failures,
            }
        finally:
            for client in clients:
                client.close()

    def _open(self, login: tuple[str, str]) -> Client:
        job = self._job
        is_write = job["operation"] in _WRITES
        client = _CLIENTS[job["who"]](job["host"], job["port"], login, job["mailbox"], to_write=is_write)
        if not is_write:
            client.do(job["operation"], job["turns"][0] if job["turns"] else None)
        return client

    def _work(self, client: Client, turns: Iterator[Any]) -> None:
        seconds = self._job["seconds"]
        ends = time.perf_counter() + seconds if seconds else float("inf")
        while True:
            with self._lock:
                turn = next(turns, self)
            if turn is self:
                return
            begun = time.perf_counter()
            try:
                size = client.do(self._job["operation"], turn)
            except Exception as error:  # noqa: BLE001  # counted and shown; the other connections go on
                with self._lock:
                    name = type(error).__name__
                    self._failures[name] = self._failures.get(name, 0) + 1
                return
            now = time.perf_counter()
            with self._lock:
                self._latencies.append(now - begun)
                self._transferred += size
            if now >= ends:
                return

    def _together(self, tasks: list[Callable[[], Any]]) -> list[Any]:
        """Run each in a thread of its own; what they return, or the first error."""
        results: list[Any] = [None] * len(tasks)
        errors: list[BaseException] = []

        def one(at: int) -> None:
            try:
                results[at] = tasks[at]()
            except BaseException as error:  # noqa: BLE001  # raised again by the main thread
                errors.append(error)

        threads = [threading.Thread(target=one, args=(at,)) for at in range(len(tasks))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return results


def main() -> None:
    """Do one job a line until there are no more."""
    while line := sys.stdin.readline():
        job = json.loads(line)
        os.sched_setaffinity(0, set(job["cores"]))
        print(json.dumps(Load(job).run()), flush=True)


if __name__ == "__main__":
    main()
