"""What a mailbox may be called, and what that is on the mail server.

A name is one level of the tree; the server joins levels with its delimiter. Any character may be in one but the
delimiter, controls, and halves of surrogate pairs, which no JSON can carry; what a server refuses beyond that it says
itself.
"""

from collections.abc import Mapping

from app.domain.errors import FieldProblem, InvalidRequest, NotSupportedByServer
from app.domain.mailbox import MailboxFacts
from app.services.edits.limits import NAME_CHARS
from app.services.limits import MAX_LEVELS


def full_name(facts: Mapping[str, MailboxFacts], name: str, parent: MailboxFacts | None) -> str:
    """Return the server's name of a mailbox called `name` in `parent`, None for the top level.

    Raises InvalidRequest with a pointer, NotSupportedByServer where there are no levels.
    """
    delimiter = parent.delimiter if parent is not None else _delimiter(facts)
    problem = _problem(name, delimiter)
    if problem:
        raise InvalidRequest(problem, [FieldProblem(problem, "/name")])
    if parent is None:
        return _top_level(facts, delimiter) + name
    if delimiter is None:
        raise NotSupportedByServer("This mail server keeps no mailboxes within mailboxes.", "mailbox_levels")
    joined = parent.name + delimiter + name
    if joined.count(delimiter) >= MAX_LEVELS:
        detail = f"At most {MAX_LEVELS} levels."
        raise InvalidRequest(detail, [FieldProblem(detail, "/parent_id")])
    return joined


def moved_name(name: str, old: str, new: str, delimiter: str | None) -> str | None:
    """Return what `name` is called after `old` was renamed to `new`; None when that does not concern it."""
    if name == old:
        return new
    if delimiter and name.startswith(old + delimiter):
        return new + name[len(old) :]
    return None


def lies_in(facts: Mapping[str, MailboxFacts], parent: MailboxFacts) -> list[MailboxFacts]:
    """Return all mailboxes within another one, the deepest first."""
    if not parent.delimiter:
        return []
    prefix = parent.name + parent.delimiter
    found = [each for each in facts.values() if each.name.startswith(prefix)]
    return sorted(found, key=lambda each: (-each.name.count(parent.delimiter or "/"), each.name))


def _problem(name: str, delimiter: str | None) -> str | None:
    if not 1 <= len(name) <= NAME_CHARS:
        return f"A name has 1 to {NAME_CHARS} characters."
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in name):
        return "A name has no control characters."
    if any("\ud800" <= character <= "\udfff" for character in name):
        return "A name has no halves of surrogate pairs."
    if delimiter and delimiter in name:
        return f"This mail server separates levels by {delimiter}; give the parent by parent_id, not within the name."
    return None


def _delimiter(facts: Mapping[str, MailboxFacts]) -> str | None:
    inbox = facts.get("INBOX")
    if inbox is not None and inbox.delimiter:
        return inbox.delimiter
    return next((each.delimiter for each in facts.values() if each.delimiter), None)


def _top_level(facts: Mapping[str, MailboxFacts], delimiter: str | None) -> str:
    """Some servers (Courier, older Cyrus) keep every mailbox within INBOX: the top level is there."""
    prefix = f"INBOX{delimiter}"
    others = [name for name in facts if name != "INBOX"]
    return prefix if delimiter and others and all(name.startswith(prefix) for name in others) else ""
