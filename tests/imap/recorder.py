"""A socket with a strict IMAP server in it: it takes bytes as the grammar says and writes down each command."""

import base64
import re
from typing import Any

_LITERAL = re.compile(rb"\{([0-9]+)(\+?)\}\Z")


class Recorder:
    """Pass it where a socket is expected. `commands` are (tag, name, line and literals); `sasl` what was base64.

    Lines end with CRLF and nothing else, are printable ASCII, and literals are what their size says: so what a value
    adds on the wire becomes a command of its own here, and is seen.
    """

    def __init__(self, capabilities: str) -> None:
        self._capabilities = capabilities.encode()
        self._out = b"* OK [CAPABILITY %s] ready\r\n" % self._capabilities
        self._in = b""
        self._parts: list[bytes] = []
        self._awaits: int | None = None
        self._authenticating: bytes | None = None
        self.commands: list[tuple[bytes, bytes, tuple[bytes, ...]]] = []
        self.sasl: list[bytes] = []

    def settimeout(self, _: float) -> None:
        return

    def close(self) -> None:
        return

    def recv(self, size: int) -> bytes:
        assert self._out, "the client waits for an answer to nothing"
        data, self._out = self._out[:size], self._out[size:]
        return data

    def send(self, data: Any) -> int:
        self._in += bytes(data)
        while self._step():
            continue
        return len(data)

    @property
    def names(self) -> list[bytes]:
        return [name for _, name, _ in self.commands]

    @property
    def is_at_rest(self) -> bool:
        return not self._in and not self._parts and self._awaits is None and self._authenticating is None

    def _step(self) -> bool:
        if self._awaits is not None:
            if len(self._in) < self._awaits:
                return False
            self._parts.append(self._in[: self._awaits])
            self._in = self._in[self._awaits :]
            self._awaits = None
        if b"\r\n" not in self._in:
            assert b"\n" not in self._in
            return False
        line, _, self._in = self._in.partition(b"\r\n")
        assert re.fullmatch(rb"[\x20-\x7e]*", line), f"not a line of IMAP: {line!r}"
        if self._authenticating is not None:
            self.sasl.append(base64.b64decode(line, validate=True))
            self._answer(self._authenticating, b"OK [CAPABILITY %s] in" % self._capabilities)
            self._authenticating = None
            return True
        self._parts.append(line)
        literal = _LITERAL.search(line)
        if literal is None:
            self._complete()
            return True
        self._awaits = int(literal.group(1))
        if not literal.group(2):
            assert not self._in, "a literal came before it was asked for"
            self._out += b"+ go\r\n"
        return True

    def _complete(self) -> None:
        parts, self._parts = tuple(self._parts), []
        tag, _, rest = parts[0].partition(b" ")
        name = rest.split(b" ")[0].upper()
        if name == b"UID":
            name = b" ".join(rest.split(b" ")[:2])
        self.commands.append((tag, name, parts))
        if name == b"AUTHENTICATE":
            words = rest.split(b" ")
            if len(words) == 3:
                self.sasl.append(base64.b64decode(words[2], validate=True))
            else:
                self._authenticating = tag
                self._out += b"+ \r\n"
                return
        if name in {b"EXAMINE", b"SELECT"}:
            self._out += b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n"
        if name == b"UID FETCH":
            sections = re.findall(rb"BODY\.PEEK\[([^]]*)\]<(\d+)\.", rest)
            items = b"".join(b" BODY[%s]<%s> NIL" % one for one in sections)
            self._out += b"* 1 FETCH (UID 5 FLAGS ()%s)\r\n" % items
        done = b"OK [CAPABILITY %s] done" % self._capabilities if name in {b"LOGIN", b"AUTHENTICATE"} else b"OK done"
        self._answer(tag, done)

    def _answer(self, tag: bytes, text: bytes) -> None:
        self._out += tag + b" " + text + b"\r\n"
