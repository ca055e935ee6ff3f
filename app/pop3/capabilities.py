"""What an account on a POP3 server can do, in the words of clients: the same names as for IMAP."""

from collections.abc import Mapping

from app.domain.capabilities import Capabilities, Capability

#: What a maildrop lacks and the service supplies, and by what.
_BY_SERVICE = {
    "summaries": "TOP",
    "partial_bodies": "cached body",
    "flags": "stored",
    "mailboxes": "inbox",
    "mailbox_counts": "stored",
    "search": "stored summaries",
    "threads": "References",
    "stable_ids": "UIDL",
    "preview": "cached body",
    "changes": "UIDL",
}
#: What nobody can do for a maildrop.
_MISSING = ("special_use", "sort", "push", "move", "append", "append_uid", "quota")


def describe(announced: Mapping[str, tuple[str, ...]] | None, *, has_top: bool, has_uidl: bool) -> Capabilities:
    """Turn what CAPA told, None where the server does not know CAPA, into what the account can do through it."""
    how = dict(_BY_SERVICE)
    if not has_top:
        how["summaries"] = "RETR"
    if not has_uidl:
        how["stable_ids"] = how["changes"] = "header fingerprint"
    items = {name: Capability(True, "service", by) for name, by in how.items()}
    items |= {name: Capability(False, "none") for name in _MISSING}
    server = tuple(sorted(" ".join((tag, *words)) for tag, words in (announced or {}).items()))
    return Capabilities(protocol="pop3", server=server, items=items)
