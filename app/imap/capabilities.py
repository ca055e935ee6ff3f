"""What an account on this server can do, in the words of clients. All names there are stand in one table here."""

from app.domain.capabilities import Capabilities, Capability

#: Name, what it means for a client, and which of the server's capabilities give it, the best first; "" is given by
#: every IMAP4rev1 server.
_TABLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("summaries", "list rows without downloading messages", ("",)),
    ("partial_bodies", "any byte range of any part", ("",)),
    ("flags", "flags that every client of the mailbox shares", ("",)),
    ("mailboxes", "a tree of mailboxes", ("",)),
    ("mailbox_counts", "counts of all mailboxes at once, else one by one", ("LIST-STATUS", "IMAP4REV2", "")),
    ("special_use", "roles of mailboxes told by the server", ("SPECIAL-USE", "IMAP4REV2")),
    ("search", "searching on the server", ("ESEARCH", "IMAP4REV2", "")),
    ("sort", "sorting on the server", ("SORT",)),
    ("threads", "conversations told by the server", ("OBJECTID", "X-GM-EXT-1", "THREAD=REFERENCES", "THREAD=REFS")),
    ("stable_ids", "ids of content that survive copies and moves", ("OBJECTID", "X-GM-EXT-1")),
    ("preview", "previews made by the server; else by the service", ("PREVIEW",)),
    ("changes", "changes of flags since a known state", ("QRESYNC", "CONDSTORE")),
    ("push", "word of new mail without asking", ("NOTIFY", "IDLE", "IMAP4REV2")),
    ("conditional_flags", "changing flags of messages that nobody changed meanwhile", ("QRESYNC", "CONDSTORE")),
    ("move", "moving in one step", ("MOVE", "IMAP4REV2")),
    ("copy", "copying to another mailbox", ("",)),
    ("erase", "removing chosen messages for good", ("UIDPLUS", "IMAP4REV2")),
    ("append", "storing messages", ("",)),
    ("mailbox_edits", "making, renaming and deleting mailboxes", ("",)),
    ("append_uid", "learning where a stored or copied message went", ("UIDPLUS", "IMAP4REV2")),
    ("quota", "space used and left", ("QUOTA",)),
)

#: What the service supplies where the server does not.
_BY_SERVICE = {
    "preview": "BODY[1]",
    "special_use": "names",
    "sort": "up to 500 messages",
    "threads": "References",
    "move": "COPY",
    "erase": "EXPUNGE",
}

#: What the server's part is called where every IMAP server has it.
_BASIC = {
    "summaries": "ENVELOPE",
    "partial_bodies": "BODY[]<>",
    "flags": "FLAGS",
    "mailboxes": "LIST",
    "mailbox_counts": "STATUS",
    "search": "SEARCH",
    "copy": "COPY",
    "append": "APPEND",
    "mailbox_edits": "CREATE",
}


def describe(announced: frozenset[str]) -> Capabilities:
    """Turn the server's capabilities (upper case) into what the account can do through it."""
    items = {name: _capability(name, sources, announced) for name, _, sources in _TABLE}
    return Capabilities(protocol="imap", server=tuple(sorted(announced)), items=items)


def _capability(name: str, sources: tuple[str, ...], announced: frozenset[str]) -> Capability:
    for source in sources:
        if source in announced:
            return Capability(True, "server", source)
        if not source:
            return Capability(True, "server", _BASIC[name])
    if name in _BY_SERVICE:
        return Capability(True, "service", _BY_SERVICE[name])
    return Capability(False, "none")
