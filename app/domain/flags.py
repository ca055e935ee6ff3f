"""Flags of a message: five system flags under plain names, and keywords as the server spells them."""

from functools import lru_cache

#: RFC 9051 section 2.3.2. `\Recent` is left out: it is a session's property, gone in IMAP4rev2.
SYSTEM_FLAGS = {
    "\\seen": "seen",
    "\\flagged": "flagged",
    "\\answered": "answered",
    "\\draft": "draft",
    "\\deleted": "deleted",
}


@lru_cache(maxsize=1024)
def from_imap(names: tuple[str, ...]) -> tuple[str, ...]:
    r"""Turn IMAP flag names into ours, sorted: `\Seen $Forwarded` becomes `("$Forwarded", "seen")`.

    Unknown backslash flags (`\Recent`, server inventions) are dropped: they are not keywords (RFC 9051 section 9).
    """
    found = set()
    for name in names:
        known = SYSTEM_FLAGS.get(name.lower())
        if known:
            found.add(known)
        elif not name.startswith("\\"):
            found.add(name)
    return tuple(sorted(found))
