"""Finding where a UID stands in a mailbox, at a cost that does not grow with depth."""

from app.imap.limits import PROBES
from app.imap.wire.commands import Command, command
from app.imap.wire.fetch import as_number
from app.imap.wire.responses import Untagged, tokens_or_none


def count_below(uid: int) -> Command:
    """Ask how many messages have a smaller UID (RFC 4731): the answer is one number at any depth."""
    return command("UID SEARCH", f"RETURN (COUNT) UID 1:{uid - 1}", expects=["ESEARCH"])


def count_of(untagged: Untagged) -> int | None:
    """Read COUNT of an ESEARCH response, None when it has none."""
    tokens = tokens_or_none(untagged) or []
    for place, token in enumerate(tokens[:-1]):
        if isinstance(token, bytes) and token.upper() == b"COUNT":
            return as_number(tokens[place + 1])
    return None


def probes(below: int, above: int) -> list[int]:
    """Choose sequence numbers between two, evenly: each flush narrows the search by their number."""
    gap = above - below - 1
    if gap <= PROBES:
        return list(range(below + 1, above))
    return [below + 1 + place * gap // PROBES for place in range(PROBES)]
