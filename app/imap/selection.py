"""The selected mailbox and what the server says of it, and the one way in which commands are sent after login."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.domain.errors import UpstreamProtocolError
from app.domain.ids import Uid
from app.imap.dialogue import Dialogue, Reply, RunTaker
from app.imap.errors import select_refusal
from app.imap.features import Features
from app.imap.wire.commands import Command, command, mailbox
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.responses import Untagged
from app.imap.wire.uid_sets import count_below, parse_set

_LARGEST = 0xFFFFFFFF

_ENTERING = frozenset((b"SELECT", b"EXAMINE"))

#: Takes untagged data in the order it came.
Taker = Callable[[Untagged], None]


@dataclass(slots=True)
class View:
    """A mailbox as this connection knows it.

    `changes` counts what was heard of arrivals and expunges; `newest` are the UIDs of the first page seen last.
    `is_writable` says that it was entered for writing and the server did not answer READ-ONLY; `permanent` are the
    flags that can be changed, in lower case, None when the server does not say (RFC 9051 section 7.1).
    """

    name: str
    uidvalidity: int
    exists: int
    uidnext: int | None
    modseq: int | None
    changes: int = 0
    newest: tuple[Uid, ...] = ()
    is_writable: bool = False
    permanent: frozenset[bytes] | None = None

    def apply(self, untagged: Untagged) -> None:
        """Take news of the mailbox (RFC 9051 sections 7.4.1, 7.5.1; RFC 7162 section 3.2.10)."""
        if untagged.kind == b"EXISTS" and untagged.number is not None:
            self.changes += untagged.number != self.exists
            self.exists = min(untagged.number, _LARGEST)
        elif untagged.kind == b"EXPUNGE" and untagged.number:
            self.changes += 1
            self.exists = max(0, self.exists - 1)
        elif untagged.kind == b"VANISHED":
            gone = vanished(untagged)
            self.changes += bool(gone)
            self.exists = max(0, self.exists - count_below(gone, _LARGEST + 1))


class Selection:
    """Which mailbox a connection is in, if any."""

    def __init__(self, dialogue: Dialogue, features: Features) -> None:
        """Begin in no mailbox."""
        self._dialogue = dialogue
        self._entering = ""
        self.features = features
        self.view: View | None = None
        self.expects_writes = False
        self.is_lost = False
        """Whether the connection was lost under a change that told so by itself."""

    def run(
        self,
        commands: Sequence[Command],
        deadline: float,
        take: Taker | None = None,
        take_run: RunTaker | None = None,
        replies: list[Reply] | None = None,
    ) -> list[Reply]:
        """Send commands in one flush and return their replies; an `enter` comes first, if at all.

        `take` gets the data in the order it came, after the view has heard of it; `take_run` rows of flags that came
        in a row, of which a view hears nothing. `replies` is what is returned, and is filled as they come.
        """
        if commands[0].name in _ENTERING:
            return self._run_entering(commands, deadline, take)

        def hear(_what: Command, untagged: Untagged) -> None:
            self._hear(untagged, take)

        done = self._dialogue.execute(commands, deadline, hear, take_run, replies)
        if commands[0].name == b"UNSELECT" and done[0].is_ok:
            self.view = None
        return done

    def upload(
        self, what: Command, size: int, source: Iterable[bytes], deadline: float, *, goes_at_once: bool
    ) -> Reply:
        """Send a command that ends with a literal streamed from `source`. See `Dialogue.upload`."""

        def hear(_what: Command, untagged: Untagged) -> None:
            self._hear(untagged, None)

        return self._dialogue.upload(what, size, source, deadline, hear, goes_at_once=goes_at_once)

    def _run_entering(self, commands: Sequence[Command], deadline: float, take: Taker | None) -> list[Reply]:
        """Sort what is told of the mailbox while it is entered from what follows."""
        entered: list[Untagged] = []
        heard: list[Untagged] = []

        def hear(what: Command, untagged: Untagged) -> None:
            (entered if what.name in _ENTERING else heard).append(untagged)

        replies = self._dialogue.execute(commands, deadline, hear)
        # A refused one leaves no mailbox selected (RFC 9051 section 6.3.2).
        self.view = _read_view(self._entering, entered) if replies[0].is_ok else None
        if self.view is not None and commands[0].name == b"SELECT":
            code = replies[0].code
            self.view.is_writable = code is None or code.name != b"READ-ONLY"
        for untagged in heard:
            self._hear(untagged, take)
        return replies

    def _hear(self, untagged: Untagged, take: Taker | None) -> None:
        if self.view is not None:
            self.view.apply(untagged)
        if take is not None:
            take(untagged)

    def enter(
        self, name: str, uidvalidity: int | None = None, *, to_write: bool = False, afresh: bool = False
    ) -> list[Command]:
        r"""Return the command that selects `name`, to be first in its flush; none when it is selected already.

        EXAMINE, not SELECT, until somebody writes: nothing that only reads may change the mailbox, not even `\Recent`
        (RFC 9051 section 6.3.3). CONDSTORE as a parameter makes the server tell HIGHESTMODSEQ without ENABLE (RFC 7162
        section 3.1.8). A mailbox that is known under another `uidvalidity` than the caller's is entered again: it may
        have been made anew, and this connection may be the one that has not heard of it. With `to_write`, one that was
        entered only for reading, or was read-only the last time, is entered again too; `afresh` always does so.
        """
        view = self.view
        is_there = view is not None and view.name == name and uidvalidity in {None, view.uidvalidity}
        if view is not None and is_there and not afresh and (view.is_writable or not to_write):
            return []
        self._entering = name
        verb = "SELECT" if to_write or self.expects_writes else "EXAMINE"
        parameters = ["(CONDSTORE)"] if self.features.has_condstore else []
        return [command(verb, mailbox(name), *parameters, expects=["OK"])]

    def leave(self) -> list[Command]:
        r"""Return the command that leaves the selected mailbox, to be first in its flush; none when in none.

        Never CLOSE, which would expunge what others marked as `\Deleted`: UNSELECT (RFC 3691), or INBOX instead.
        """
        if self.view is None:
            return []
        if self.features.has_unselect:
            return [command("UNSELECT")]
        self._entering = "INBOX"
        return [command("EXAMINE", mailbox("INBOX"), expects=["OK"])]

    def entered(self, entering: Sequence[Command], replies: Sequence[Reply]) -> View:
        """Return the view after a flush that began with `entering`. Raises NotFound when there is no such mailbox."""
        if entering:
            replies[0].require_ok(select_refusal)
        if self.view is None:
            raise UpstreamProtocolError("The mail server left the mailbox.")
        return self.view


def vanished(untagged: Untagged) -> tuple[tuple[int, int], ...]:
    """Read the UIDs of VANISHED as ranges; none for (EARLIER), which tells of the past, and for what is malformed."""
    try:
        tokens = untagged.tokens()
        return parse_set(tokens[0]) if len(tokens) == 1 and isinstance(tokens[0], bytes) else ()
    except MalformedResponse:
        return ()


def _read_view(name: str, entered: Sequence[Untagged]) -> View:
    """Read what came with SELECT, after the farewell to the mailbox before (RFC 9051 section 7.1, CLOSED)."""
    exists: int | None = None
    numbers: dict[bytes, int | None] = {}
    permanent: frozenset[bytes] | None = None
    for untagged in entered:
        if untagged.kind == b"EXISTS":
            exists = untagged.number
        elif untagged.kind == b"OK" and (code := untagged.code()) is not None:
            if code.name == b"CLOSED":
                exists = None
                permanent = None
                numbers.clear()
            elif code.name == b"PERMANENTFLAGS":
                permanent = frozenset(code.arguments.strip(b"()").lower().split())
            numbers[code.name] = code.number()
    uidvalidity = numbers.get(b"UIDVALIDITY")
    if exists is None or exists > _LARGEST or not uidvalidity or uidvalidity > _LARGEST:
        raise UpstreamProtocolError("The mail server does not tell what is in the mailbox.")
    modseq = numbers.get(b"HIGHESTMODSEQ") or None
    return View(name, uidvalidity, exists, numbers.get(b"UIDNEXT"), modseq, permanent=permanent)
