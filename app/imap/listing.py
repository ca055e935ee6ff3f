"""The mailboxes with their counts: one round trip with LIST-STATUS (RFC 5819), else STATUS by the dozen."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from app.domain.errors import UpstreamProtocolError
from app.domain.mailbox import MailboxFacts, Role
from app.imap.dialogue import Reply
from app.imap.features import Features
from app.imap.limits import MAX_MAILBOX_NAME, MAX_MAILBOXES, MAX_PIPELINE
from app.imap.selection import Selection
from app.imap.wire.commands import command, mailbox
from app.imap.wire.fetch import as_number
from app.imap.wire.mailbox_names import decode_name
from app.imap.wire.responses import Untagged, tokens_or_none
from app.imap.wire.tokenizer import Token

#: Attributes of RFC 6154 section 2, in the order in which one wins where a server gives several.
_ROLES = {
    b"\\SENT": Role.SENT,
    b"\\DRAFTS": Role.DRAFTS,
    b"\\TRASH": Role.TRASH,
    b"\\JUNK": Role.JUNK,
    b"\\ARCHIVE": Role.ARCHIVE,
    b"\\ALL": Role.ALL,
    b"\\FLAGGED": Role.FLAGGED,
}
_NOT_SELECTABLE = {b"\\NOSELECT", b"\\NONEXISTENT"}

_Status = dict[bytes, Token]


def read_mailboxes(selection: Selection, deadline: float) -> tuple[MailboxFacts, ...]:
    """List every mailbox in the server's order. See `MailSession.mailboxes`."""
    features = selection.features
    tree = _Tree()
    if features.has_list_extended:
        options = _return_options(features)
        listing = command("LIST", '"" "*"', f"RETURN ({options})", expects=["LIST", "STATUS"])
        selection.run([listing], deadline, tree.take)[0].require_ok()
    else:
        commands = [
            command("LIST", '"" "*"', expects=["LIST"]),
            command("LSUB", '"" "*"', expects=["LSUB"]),
        ]
        replies = selection.run(commands, deadline, tree.take)
        replies[0].require_ok()  # without LSUB all count as not subscribed
    if not (features.has_list_extended and features.has_list_status):
        _ask_status(selection, tree, deadline)
    return tree.facts()


def _ask_status(selection: Selection, tree: "_Tree", deadline: float) -> None:
    """Ask for the counts of each selectable mailbox; one that says NO keeps none."""
    items = _status_items(selection.features)
    names = iter(tree.selectable())
    while batch := list(islice(names, MAX_PIPELINE)):
        commands = [command("STATUS", mailbox(name), items, expects=["STATUS"]) for name in batch]
        for reply in selection.run(commands, deadline, tree.take):
            _require_understood(reply)


def _require_understood(reply: Reply) -> None:
    if reply.status == b"BAD":
        reply.require_ok()


_LARGEST = 0xFFFFFFFF


class _Tree:
    """Mailboxes by name, in the order in which the server listed them."""

    def __init__(self) -> None:
        self._facts: dict[str, MailboxFacts] = {}
        self._status: dict[str, _Status] = {}

    def take(self, untagged: Untagged) -> None:
        """Take LIST, LSUB and STATUS; a malformed one costs its mailbox alone."""
        tokens = tokens_or_none(untagged)
        if tokens is None:
            return
        if untagged.kind == b"STATUS":
            self._take_status(tokens)
        elif untagged.kind in {b"LIST", b"LSUB"}:
            self._take_mailbox(tokens, is_lsub=untagged.kind == b"LSUB")

    def selectable(self) -> Iterable[str]:
        return [facts.name for facts in self._facts.values() if facts.is_selectable]

    def facts(self) -> tuple[MailboxFacts, ...]:
        return tuple([_with_status(facts, self._status.get(name, {})) for name, facts in self._facts.items()])

    def _take_mailbox(self, tokens: list[Token], *, is_lsub: bool) -> None:
        """Read mailbox-list: attributes, delimiter or NIL, name, and what extensions add."""
        if len(tokens) < 3 or not isinstance(tokens[0], list) or not isinstance(tokens[2], bytes):
            return
        if len(tokens[2]) > MAX_MAILBOX_NAME:
            return
        name = decode_name(tokens[2])
        if is_lsub:
            if name in self._facts:
                self._facts[name] = replace(self._facts[name], is_subscribed=True)
            return
        if len(self._facts) >= MAX_MAILBOXES:
            raise UpstreamProtocolError("The account has more mailboxes than the bound allows.")
        attributes = {one.upper() for one in tokens[0] if isinstance(one, bytes)}
        roles = [role for attribute, role in _ROLES.items() if attribute in attributes]
        self._facts.setdefault(
            name,
            MailboxFacts(
                name=name,
                delimiter=_delimiter(tokens[1]),
                special_use=roles[0] if roles else None,
                is_selectable=not attributes & _NOT_SELECTABLE,
                is_subscribed=b"\\SUBSCRIBED" in attributes,
            ),
        )

    def _take_status(self, tokens: list[Token]) -> None:
        """Read a mailbox's name and a list of status items."""
        if len(tokens) != 2 or not isinstance(tokens[0], bytes) or not isinstance(tokens[1], list):
            return
        pairs = zip(tokens[1][::2], tokens[1][1::2], strict=False)
        values = {name.upper(): value for name, value in pairs if isinstance(name, bytes)}
        if len(self._status) < MAX_MAILBOXES:
            self._status.setdefault(decode_name(tokens[0]), {}).update(values)


def _with_status(facts: MailboxFacts, status: _Status) -> MailboxFacts:
    if not status or not facts.is_selectable:
        return facts
    server_id = status.get(b"MAILBOXID")
    if isinstance(server_id, list):  # MAILBOXID (RFC 8474 section 4.3) stands in parentheses
        server_id = server_id[0] if len(server_id) == 1 else None
    return replace(
        facts,
        messages=_number32(status.get(b"MESSAGES")),
        unseen=_number32(status.get(b"UNSEEN")),
        uidnext=_number32(status.get(b"UIDNEXT")) or None,
        uidvalidity=_number32(status.get(b"UIDVALIDITY")) or None,
        modseq=as_number(status.get(b"HIGHESTMODSEQ")) or None,
        mailbox_id=server_id.decode("ascii", "replace") if isinstance(server_id, bytes) else None,
    )


def _number32(token: Token) -> int | None:
    """Read a number of 32 bits, as counts and UIDs are (RFC 9051 section 9, number and nz-number); None for more."""
    number = as_number(token)
    return number if number is not None and number <= _LARGEST else None


def _return_options(features: Features) -> str:
    options = ["SUBSCRIBED"]
    if features.has_special_use:
        options.append("SPECIAL-USE")
    if features.has_list_status:
        options.append(f"STATUS {_status_items(features)}")
    return " ".join(options)


def _status_items(features: Features) -> str:
    items = ["MESSAGES UNSEEN UIDNEXT UIDVALIDITY"]
    if features.has_condstore:
        items.append("HIGHESTMODSEQ")
    if features.has_object_id:
        items.append("MAILBOXID")
    return f"({' '.join(items)})"


def _delimiter(token: Token) -> str | None:
    if not isinstance(token, bytes) or len(token) != 1 or not token.isascii():
        return None
    return token.decode("ascii")
