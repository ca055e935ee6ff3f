"""The conversations of a mailbox: by the server's ids, by its THREAD, or by what its newest messages name.

Two flushes at most: one to enter the mailbox where its size has to be known first, one to ask.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from app.domain.conversations import LinkedMessage, group
from app.domain.errors import NotSupportedByServer
from app.domain.ids import Uid
from app.domain.lookup import Conversation, Conversations, MatchingUids
from app.imap.answers import Answers, ask, search
from app.imap.facts import fields_of, object_id
from app.imap.limits import MAX_GROUPED, MAX_REFERENCES, MAX_THREAD_IDS
from app.imap.selection import Selection, View
from app.imap.window import joined
from app.imap.wire.commands import Command, command
from app.imap.wire.fetch import FetchRow, read_fetch
from app.imap.wire.responses import Untagged
from app.imap.wire.search_keys import thread_key
from app.mime.headers import message_ids

_FIELDS = f"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID IN-REPLY-TO REFERENCES)]<0.{MAX_REFERENCES}>"


def read_conversations(selection: Selection, mailbox: str, deadline: float) -> Conversations:
    """Group a mailbox. See `ConversationSession.conversations`."""
    features = selection.features
    if features.has_object_id or features.is_gmail:
        return _by_server_id(selection, mailbox, deadline)
    if features.threading is not None:
        return _by_thread(selection, mailbox, features.threading, deadline)
    return _by_references(selection, mailbox, deadline)


def read_members(selection: Selection, mailbox: str, server_id: str, deadline: float) -> MatchingUids:
    """Find the messages of one conversation. See `ConversationSession.members`."""
    features = selection.features
    if not (features.has_object_id or features.is_gmail):
        raise NotSupportedByServer("The mail server has no ids of conversations.", "threads")
    key = thread_key(server_id, is_gmail=features.is_gmail and not features.has_object_id)
    view, answers = _ask(selection, mailbox, [search(selection, key)], deadline)
    newest_first = reversed(answers.found())
    return MatchingUids(view.uidvalidity, tuple([Uid(uid) for uid in newest_first]), is_complete=True)


def _by_thread(selection: Selection, mailbox: str, algorithm: str, deadline: float) -> Conversations:
    threading = command("UID THREAD", algorithm, "US-ASCII ALL", expects=["THREAD"])
    view, answers = _ask(selection, mailbox, [threading, search(selection, b"UNSEEN")], deadline)
    items = [Conversation(tuple([Uid(uid) for uid in sorted(thread)])) for thread in answers.threads()]
    unseen = frozenset(answers.found())
    return Conversations(view.uidvalidity, "server", _newest_first(items), unseen, is_complete=True)


def _by_server_id(selection: Selection, mailbox: str, deadline: float) -> Conversations:
    item = "THREADID" if selection.features.has_object_id else "X-GM-THRID"
    view, rows = _newest(selection, mailbox, f"(UID FLAGS {item})", MAX_THREAD_IDS, deadline)
    found: dict[str, list[Uid]] = defaultdict(list)
    alone: list[Conversation] = []
    for uid in sorted(rows):
        server_id = object_id(rows[uid].items.get(item.encode("ascii")))
        if server_id is None:  # RFC 8474 section 5.2: NIL where the server cannot tell
            alone.append(Conversation((Uid(uid),)))
        else:
            found[server_id].append(Uid(uid))
    items = [*alone, *[Conversation(tuple(uids), server_id) for server_id, uids in found.items()]]
    return _conversations(view, rows, "server_id", items, MAX_THREAD_IDS)


def _by_references(selection: Selection, mailbox: str, deadline: float) -> Conversations:
    view, rows = _newest(selection, mailbox, f"(UID FLAGS {_FIELDS})", MAX_GROUPED, deadline)
    items = [Conversation(uids) for uids in group([_linked(rows[uid]) for uid in sorted(rows)])]
    return _conversations(view, rows, "service", items, MAX_GROUPED)


def _conversations(
    view: View,
    rows: dict[int, FetchRow],
    source: Literal["server_id", "service"],
    items: Sequence[Conversation],
    most: int,
) -> Conversations:
    unseen = frozenset(uid for uid, row in rows.items() if "\\seen" not in [flag.lower() for flag in row.flags()])
    return Conversations(view.uidvalidity, source, _newest_first(items), unseen, is_complete=view.exists <= most)


def _newest_first(items: Sequence[Conversation]) -> tuple[Conversation, ...]:
    return tuple(sorted(items, key=lambda one: one.uids[-1], reverse=True))


def _linked(row: FetchRow) -> LinkedMessage:
    fields = fields_of(row)
    own = message_ids(fields.get("message-id"))
    links = (*message_ids(fields.get("references")), *message_ids(fields.get("in-reply-to")))
    return LinkedMessage(row.uid, own[0] if own else None, links)


def _newest(
    selection: Selection, mailbox: str, items: str, most: int, deadline: float
) -> tuple[View, dict[int, FetchRow]]:
    """Fetch items of the newest messages, by UID. Which they are is known once the mailbox is entered."""
    entering = selection.enter(mailbox) or [command("NOOP")]
    replies = selection.run(entering, deadline)
    is_entering = entering[0].name != b"NOOP"
    view = selection.entered(entering if is_entering else [], replies)
    rows: dict[int, FetchRow] = {}
    if not view.exists:
        return view, rows

    def take(untagged: Untagged) -> None:
        row = read_fetch(untagged) if untagged.kind == b"FETCH" else None
        if row is None:
            return
        before = rows.get(row.uid)
        if before is not None:
            rows[row.uid] = joined(before, row)
        elif len(rows) < most:
            rows[row.uid] = row

    numbers = f"{max(1, view.exists - most + 1)}:*"
    selection.run([command("FETCH", numbers, items, expects=["FETCH"])], deadline, take)[0].require_ok()
    return view, rows


def _ask(selection: Selection, mailbox: str, commands: Sequence[Command], deadline: float) -> tuple[View, Answers]:
    view, answers, replies = ask(selection, mailbox, None, commands, deadline)
    for reply in replies:
        reply.require_ok()
    return view, answers
