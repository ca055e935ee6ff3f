"""A server that follows a transcript, as the RFCs print them, and names the line at which a client left it.

::

    S: * OK ready               sends the line and CRLF
    C: M1 NOOP                  expects exactly this line
    C~ M1 LOGIN .*              expects a line that matches
    !close                      hangs up
    !wait                       waits until the client hangs up

Tags of the client under test are M1, M2, … in order. `S:` lines that follow each other are sent at once.
"""

import re
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.support.mail_user import Endpoint

#: A step of a test's own: gets the connection, may do what no transcript says.
Step = str | bytes | Callable[[socket.socket], None]


class ScriptedServer:
    """Serves one connection by the script, in a thread. Leaving the block ends it and raises what went wrong."""

    def __init__(self, *steps: Step) -> None:
        self._steps = [line for step in steps for line in _lines(step)]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(20)
        self._buffer = b""
        self._failure: str | None = None
        self._conn: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self._listener.getsockname()[1], "none")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._conn is not None:
            with suppress(OSError):
                self._conn.shutdown(socket.SHUT_RD)  # what the client has sent can still be read
        self._thread.join(20)
        self._listener.close()
        if self._failure is not None:
            raise AssertionError(self._failure) from error
        assert not self._thread.is_alive(), "the script did not end"

    def _serve(self) -> None:
        try:
            conn, _ = self._listener.accept()
        except OSError:
            self._failure = "nobody connected"
            return
        self._conn = conn
        with conn:
            conn.settimeout(20)
            for number, step in enumerate(self._steps, 1):
                try:
                    self._do(conn, step)
                except AssertionError as error:
                    self._failure = f"script line {number}: {error}"
                    return
                except OSError:
                    return  # the client left: its own error is what the test looks at

    def _do(self, conn: socket.socket, step: Step) -> None:
        if callable(step):
            step(conn)
        elif isinstance(step, bytes):
            conn.sendall(step)
        elif step == "!wait":
            while conn.recv(65536):
                pass
        elif step == "!close":
            conn.close()
        else:
            wanted = step[3:].encode()
            line = self._line(conn)
            matches = re.fullmatch(wanted, line, re.DOTALL) if step.startswith("C~ ") else line == wanted
            assert matches, f"expected {wanted!r}, got {line!r}"

    def _line(self, conn: socket.socket) -> bytes:
        while b"\r\n" not in self._buffer:
            data = conn.recv(65536)
            assert data, f"the client hung up after {self._buffer!r}"
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line


def _lines(step: Step) -> Sequence[Step]:
    if not isinstance(step, str):
        return [step]
    steps: list[Step] = []
    for line in step.strip().splitlines():
        text = line.strip()
        if not text.startswith("S: "):
            steps.append(text)
        elif steps and isinstance(steps[-1], bytes):
            steps[-1] += text[3:].encode() + b"\r\n"
        else:
            steps.append(text[3:].encode() + b"\r\n")
    return steps


def login(capabilities: str = "LITERAL+") -> str:
    """The lines until a client is in; its next tag is M2."""
    return f"""
        S: * OK [CAPABILITY IMAP4rev1 {capabilities}] ready
        C: M1 LOGIN "user" "secret"
        S: M1 OK [CAPABILITY IMAP4rev1 {capabilities}] in
    """


def examine(exists: int, tag: str = "M2", uidvalidity: int = 7, uidnext: int = 1000) -> str:
    """The lines until INBOX is selected."""
    return f"""
        C: {tag} EXAMINE "INBOX"
        S: * FLAGS (\\Seen)
        S: * {exists} EXISTS
        S: * OK [UIDVALIDITY {uidvalidity}] ok
        S: * OK [UIDNEXT {uidnext}] ok
        S: {tag} OK [READ-ONLY] done
    """
