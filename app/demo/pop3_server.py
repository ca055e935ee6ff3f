"""A small POP3 server (RFC 1939, RFC 2449) for the demo's third account: one maildrop, in memory, on loopback."""

import asyncio
import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress

from app.demo.limits import POP3_IDLE, POP3_LINE

_HOST = "127.0.0.1"
_CAPABILITIES = (b"USER", b"TOP", b"UIDL", b"PIPELINING", b"RESP-CODES", b"IMPLEMENTATION Mailhatch-Demo")


class DemoMaildrop:
    """Messages of one user, each with a UIDL of its own; one session at a time."""

    def __init__(self, username: str, password: str, messages: Sequence[bytes]) -> None:
        """Put messages in, the oldest first."""
        self.username = username
        self._password = password
        self.messages = [(f"demo{number:08d}", raw) for number, raw in enumerate(messages, 1)]
        self._next = len(messages) + 1
        self.is_held = False

    def is_right(self, username: str, password: str) -> bool:
        """Whether these open it."""
        return username == self.username and hmac.compare_digest(password.encode(), self._password.encode())

    def deliver(self, raw: bytes) -> None:
        """Put a new message in."""
        self.messages.append((f"demo{self._next:08d}", raw))
        self._next += 1

    async def listen(self, port: int) -> asyncio.Server:
        """Serve on this loopback port; 0 lets the system choose."""
        return await asyncio.start_server(self._serve, _HOST, port, limit=POP3_LINE)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(self)
        try:
            writer.write(b"+OK demo maildrop ready\r\n")
            while not session.has_ended:
                line = await asyncio.wait_for(reader.readline(), POP3_IDLE)
                if not line:
                    break
                writer.write(session.answer(line.decode("utf-8", "replace").strip("\r\n")))
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):  # ValueError: a line over the bound
            pass
        finally:
            session.leave()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


class _Session:
    """One connection: what it sees of the maildrop does not change while it lasts."""

    def __init__(self, maildrop: DemoMaildrop) -> None:
        self._maildrop = maildrop
        self._username = ""
        self._seen: list[tuple[str, bytes]] | None = None
        self._marked: set[int] = set()
        self.has_ended = False

    def answer(self, line: str) -> bytes:
        """Answer a command."""
        verb, _, rest = line.partition(" ")
        anytime: dict[str, Callable[[str], bytes]] = {
            "CAPA": lambda _: _lines(b"capabilities", _CAPABILITIES),
            "USER": self._user,
            "PASS": self._pass,
            "QUIT": self._quit,
            "NOOP": lambda _: b"+OK\r\n",
        }
        inside: dict[str, Callable[[str], bytes]] = {
            "STAT": lambda _: b"+OK %d %d\r\n" % (len(self._there()), sum(len(raw) for _, _, raw in self._there())),
            "LIST": lambda _: _lines(b"sizes", [b"%d %d" % (number, len(raw)) for number, _, raw in self._there()]),
            "UIDL": lambda _: _lines(b"ids", [b"%d %s" % (number, uidl.encode()) for number, uidl, _ in self._there()]),
            "RETR": lambda rest: self._message(rest, lambda raw: raw),
            "TOP": lambda rest: self._message(rest.partition(" ")[0], _header),
            "DELE": self._dele,
            "RSET": self._rset,
        }
        act = anytime.get(verb.upper()) or (inside.get(verb.upper()) if self._seen is not None else None)
        return act(rest) if act else b"-ERR not understood here\r\n"

    def leave(self) -> None:
        """Let go of the maildrop; marks of a session that did not say QUIT are forgotten (RFC 1939 section 6)."""
        if self._seen is not None:
            self._maildrop.is_held = False
            self._seen = None

    def _user(self, name: str) -> bytes:
        self._username = name
        return b"+OK\r\n"

    def _pass(self, password: str) -> bytes:
        if not self._maildrop.is_right(self._username, password):
            return b"-ERR [AUTH] no\r\n"
        if self._maildrop.is_held:
            return b"-ERR [IN-USE] another session has it\r\n"
        self._maildrop.is_held = True
        self._seen = list(self._maildrop.messages)
        return b"+OK\r\n"

    def _quit(self, _rest: str) -> bytes:
        if self._seen is not None and self._marked:
            gone = {self._seen[number - 1][0] for number in self._marked}
            self._maildrop.messages = [one for one in self._maildrop.messages if one[0] not in gone]
        self.leave()
        self.has_ended = True
        return b"+OK bye\r\n"

    def _there(self) -> list[tuple[int, str, bytes]]:
        seen = enumerate(self._seen or (), 1)
        return [(number, uidl, raw) for number, (uidl, raw) in seen if number not in self._marked]

    def _message(self, number: str, part: Callable[[bytes], bytes]) -> bytes:
        found = next((raw for one, _, raw in self._there() if str(one) == number), None)
        return b"-ERR no such message\r\n" if found is None else _lines(b"message", part(found).splitlines())

    def _dele(self, number: str) -> bytes:
        if number not in {str(one) for one, _, _ in self._there()}:
            return b"-ERR no such message\r\n"
        self._marked.add(int(number))
        return b"+OK\r\n"

    def _rset(self, _rest: str) -> bytes:
        self._marked.clear()
        return b"+OK\r\n"


def _header(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[0] + b"\r\n"


def _lines(what: bytes, lines: Sequence[bytes]) -> bytes:
    """A multi-line answer, dots doubled (RFC 1939 section 3)."""
    stuffed = [b"." + line if line.startswith(b".") else line for line in lines]
    return b"+OK %s\r\n%s.\r\n" % (what, b"".join(line + b"\r\n" for line in stuffed))
