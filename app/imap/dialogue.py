"""Commands out, replies in: pipelined, tags matched in any order, unasked-for data dropped.

Servers may complete pipelined commands in another order than they came (RFC 9051 section 5.5): Dovecot answers a NOOP
after the FETCH behind it. Who needs to know in which order data came gives `execute` a taker.
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from app.domain.errors import MailhatchError, UpstreamProtocolError
from app.imap.errors import farewell, refusal
from app.imap.limits import MAX_CHALLENGES, SEND_SIZE
from app.imap.transport import Transport
from app.imap.wire.commands import Command, atom, check_line, write_command
from app.imap.wire.flags_run import run_length
from app.imap.wire.limits import MAX_COMMAND_LINE, MAX_LITERAL_MINUS
from app.imap.wire.responses import Code, Completion, Continuation, Untagged, read_response

#: What a server may say at any time about the selected mailbox (RFC 9051 section 7.4, RFC 7162 section 3.2.10).
_OF_THE_MAILBOX = frozenset((b"EXISTS", b"EXPUNGE", b"VANISHED"))


#: Takes data in the order in which it came, with the command it seems to belong to.
Taker = Callable[[Command, Untagged], None]

#: Takes rows of flags that came one after the other, as bytes: see `wire.flags_run`.
RunTaker = Callable[[bytes], None]


@dataclass(slots=True)
class Reply:
    """How a command ended, and what was sent for it unless a taker took it; status is OK, NO or BAD."""

    status: bytes = b""
    code: Code | None = None
    text: bytes = field(default=b"", repr=False)
    data: list[Untagged] = field(default_factory=list, repr=False)

    @property
    def is_ok(self) -> bool:
        """Whether the command was carried out."""
        return self.status == b"OK"

    def require_ok(self, translate: Callable[[bytes, Code | None, bytes], MailhatchError] = refusal) -> None:
        """Raise what a NO or BAD means."""
        if not self.is_ok:
            raise translate(self.status, self.code, self.text)


class Dialogue:
    """Speaks IMAP over a transport. Any error it raises leaves the connection unusable."""

    def __init__(self, transport: Transport) -> None:
        """Take a transport at the beginning of the stream."""
        self._transport = transport
        self._tags = 0
        self._pending: dict[bytes, tuple[Command, Reply]] = {}
        self._take: Taker | None = None
        self._take_run: RunTaker | None = None
        self.has_literal_plus = False
        self.has_literal_minus = False

    def greeting(self, deadline: float) -> tuple[bytes, Code | None]:
        """Read the greeting: its status, OK or PREAUTH, and its code. Raises what a BYE means."""
        first = read_response(self._transport.receive(deadline))
        if not isinstance(first, Untagged) or first.kind not in {b"OK", b"PREAUTH", b"BYE"}:
            raise UpstreamProtocolError("The server does not greet as an IMAP server does.")
        if first.kind == b"BYE":
            raise farewell(first.code(), first.text())
        return first.kind, first.code()

    def execute(
        self,
        commands: Sequence[Command],
        deadline: float,
        take: Taker | None = None,
        take_run: RunTaker | None = None,
        replies: list[Reply] | None = None,
    ) -> list[Reply]:
        """Send all commands in one flush and return their replies in order, whatever they were.

        `replies`, if given, is the list that is filled and returned: who needs to know how far it came before the
        connection was lost looks there.

        A literal that the server wants to be asked for costs a round trip more. Data goes to the first command not yet
        completed that expects its kind, news of the selected mailbox to the first at all; the rest is dropped.
        `take_run` gets rows of flags that came in a row, which `take` would get one by one. Raises what a BYE means,
        and what ended the connection.
        """
        self._take = take
        self._take_run = take_run
        replies = [] if replies is None else replies
        outgoing = bytearray()
        for what in commands:
            tag = self._new_tag()
            reply = Reply()
            replies.append(reply)
            self._pending[tag] = (what, reply)
            chunks = write_command(tag, what, literal_plus=self.has_literal_plus, literal_minus=self.has_literal_minus)
            for index, chunk in enumerate(chunks):
                if index and not self._is_continued(outgoing, reply, deadline):
                    break
                outgoing += chunk
        if outgoing:
            self._transport.send(bytes(outgoing), deadline)
        while self._pending:
            if self._step(deadline):
                raise UpstreamProtocolError("The mail server asked for more without need.")
        return replies

    def upload(
        self,
        what: Command,
        size: int,
        source: Iterable[bytes],
        deadline: float,
        take: Taker | None = None,
        *,
        goes_at_once: bool,
    ) -> Reply:
        """Send a command that ends with a literal of `size` bytes from `source`, and return its reply.

        With `goes_at_once` the literal follows without being asked for, where the server lets it (RFC 7888); else it
        is sent only if the server asks for it, a round trip later. `source` is read once, while it is sent, and must
        yield `size` bytes; what it raises leaves the connection unusable.
        """
        tag = self._new_tag()
        reply = Reply()
        self._take = take
        self._pending[tag] = (what, reply)
        is_free = goes_at_once and (self.has_literal_plus or (self.has_literal_minus and size <= MAX_LITERAL_MINUS))
        announced = replace(what, arguments=(*what.arguments, b"{%d%s}" % (size, b"+" if is_free else b"")))
        outgoing = bytearray()
        chunks = write_command(tag, announced, literal_plus=self.has_literal_plus, literal_minus=self.has_literal_minus)
        for index, chunk in enumerate(chunks):
            if index and not self._is_continued(outgoing, reply, deadline):
                return reply
            outgoing += chunk
        if not is_free and not self._is_continued(outgoing, reply, deadline):
            return reply
        for chunk in source:
            outgoing += chunk
            if len(outgoing) >= SEND_SIZE:
                self._transport.send(bytes(outgoing), deadline)
                outgoing.clear()
        self._transport.send(bytes(outgoing + b"\r\n"), deadline)
        while self._pending:
            if self._step(deadline):
                raise UpstreamProtocolError("The mail server asked for more without need.")
        return reply

    def authenticate(
        self, mechanism: str, respond: Callable[[bytes], bytes | None], deadline: float, *, initial: bool
    ) -> Reply:
        """Run a SASL exchange (RFC 9051 section 6.2.2); `respond` answers challenges, None cancels.

        With `initial` (RFC 4959) the first response goes with the command, unless the line would be too long.
        """
        tag = self._new_tag()
        reply = Reply()
        what = Command(b"AUTHENTICATE", expects=frozenset((b"CAPABILITY",)))
        self._take = self._take_run = None
        self._pending[tag] = (what, reply)
        line = tag + b" AUTHENTICATE " + atom(mechanism)
        first = respond(b"") if initial else None
        if first is not None and len(line) + 2 * len(first) < MAX_COMMAND_LINE:
            line += b" " + (base64.b64encode(first) or b"=")
            first = None
        self._transport.send(check_line(line) + b"\r\n", deadline)
        for _ in range(MAX_CHALLENGES):
            challenge = None
            while self._pending and challenge is None:
                challenge = self._step(deadline)
            if challenge is None:
                return reply
            response = first if first is not None else respond(_decoded(challenge.text))
            first = None
            answer = b"*" if response is None else base64.b64encode(response)
            self._transport.send(answer + b"\r\n", deadline)
        raise UpstreamProtocolError("The mail server asks without end.")

    def _is_continued(self, outgoing: bytearray, reply: Reply, deadline: float) -> bool:
        """Flush and wait until the server asks for the literal, or refuses the command."""
        self._transport.send(bytes(outgoing), deadline)
        outgoing.clear()
        while not reply.status:
            if self._step(deadline):
                return True
        return False

    def _step(self, deadline: float) -> Continuation | None:
        if self._take_run is not None and self._awaits_rows():
            run = self._transport.receive_run(run_length, deadline)
            if run:
                self._take_run(run)
                return None
        response = read_response(self._transport.receive(deadline))
        if isinstance(response, Continuation):
            return response
        if isinstance(response, Completion):
            if response.tag not in self._pending:
                raise UpstreamProtocolError("The mail server completed a command that was not sent.")
            _, reply = self._pending.pop(response.tag)
            reply.status, reply.code, reply.text = response.status, response.code, response.text
        elif response.kind == b"BYE":
            if not any(what.name == b"LOGOUT" for what, _ in self._pending.values()):
                raise farewell(response.code(), response.text())
        else:
            self._give(response)
        return None

    def _awaits_rows(self) -> bool:
        return any(b"FETCH" in what.expects for what, _ in self._pending.values())

    def _give(self, untagged: Untagged) -> None:
        for what, reply in self._pending.values():
            if untagged.kind in what.expects or untagged.kind in _OF_THE_MAILBOX:
                if self._take is None:
                    reply.data.append(untagged)
                else:
                    self._take(what, untagged)
                return

    def _new_tag(self) -> bytes:
        self._tags += 1
        return b"M%d" % self._tags


def _decoded(challenge: bytes) -> bytes:
    try:
        return base64.b64decode(challenge, validate=True)
    except ValueError:
        return b""
