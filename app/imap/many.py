"""Many messages of one mailbox at once: their facts, or ranges of their sections, in few commands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.domain.errors import NotFound, PermissionDenied, UpstreamProtocolError, UpstreamRejected
from app.domain.ids import Uid
from app.domain.message import MessageFacts
from app.domain.query import SectionRange
from app.imap.dialogue import Reply
from app.imap.errors import refusal
from app.imap.items import message_items, raw_items
from app.imap.limits import MAX_PIPELINE, MAX_SECTIONS_AT_ONCE, MAX_SET_UIDS
from app.imap.reading import entered_as, facts_of, range_items, range_length, rescued, sections_of, with_modseq
from app.imap.selection import Selection
from app.imap.window import Window
from app.imap.wire.commands import command
from app.imap.wire.fetch import FetchRow
from app.imap.wire.uid_sets import format_set

_Ranges = Sequence[SectionRange]


def read_messages(
    selection: Selection, mailbox: str, uidvalidity: int, uids: Sequence[Uid], deadline: float
) -> dict[Uid, MessageFacts]:
    """Tell all about messages but their bodies; those that are gone are left out. See `BatchSession.messages`.

    Messages whose structure the server cannot write are fetched once more, all in one flush, and read here.
    """
    items = with_modseq(selection, mailbox, message_items(selection.features))
    rows = fetch_rows(selection, mailbox, uidvalidity, {items: uids}, deadline)
    facts = {uid: facts_of(row) for uid, row in rows.items()}
    unreadable = [uid for uid, found in facts.items() if found is None]
    if unreadable:
        beginnings = fetch_rows(selection, mailbox, uidvalidity, {raw_items(selection.features): unreadable}, deadline)
        facts.update({uid: rescued(rows[uid], beginning) for uid, beginning in beginnings.items()})
    return {uid: found for uid, found in facts.items() if found is not None}


def read_many_sections(
    selection: Selection, mailbox: str, uidvalidity: int, wanted: Mapping[Uid, _Ranges], deadline: float
) -> dict[Uid, tuple[bytes, ...]]:
    """Fetch ranges of sections of messages, in one flush. See `BatchSession.many_sections`.

    Messages of which the same is wanted share a command. One that comes incomplete is left out, the rest is not lost.
    """
    groups: dict[str, list[Uid]] = {}
    for uid, ranges in wanted.items():
        groups.setdefault(range_items(ranges), []).append(uid)
    found: dict[Uid, tuple[bytes, ...]] = {}
    for uid, row in fetch_rows(selection, mailbox, uidvalidity, groups, deadline).items():
        try:
            found[uid] = sections_of(row, wanted[uid])
        except UpstreamProtocolError:
            continue
    return found


def batches_by_size(wanted: Mapping[Uid, _Ranges]) -> Iterator[dict[Uid, _Ranges]]:
    """Split what is wanted into batches whose answers stay under the bound, whatever the messages hold."""
    batch: dict[Uid, _Ranges] = {}
    kinds: set[tuple[SectionRange, ...]] = set()
    size = 0
    for uid, ranges in wanted.items():
        if not ranges:
            continue
        most = sum([range_length(one) for one in ranges])
        kinds.add(tuple(ranges))
        if batch and (size + most > MAX_SECTIONS_AT_ONCE or len(kinds) > MAX_PIPELINE):
            yield batch
            batch, kinds, size = {}, {tuple(ranges)}, 0
        batch[uid] = ranges
        size += most
    if batch:
        yield batch


def fetch_rows(
    selection: Selection, mailbox: str, uidvalidity: int, groups: Mapping[str, Sequence[Uid]], deadline: float
) -> dict[Uid, FetchRow]:
    """Fetch items of groups of messages, entering their mailbox in the same flush; those that are gone are left out.

    Raises StaleReference when the mailbox is not the one the UIDs belong to.
    """
    entering = selection.enter(mailbox, uidvalidity)
    uids = {uid for group in groups.values() for uid in group}
    window = Window(len(uids), uids)
    commands = [
        command("UID FETCH", format_set(part), items, expects=["FETCH"])
        for items, group in groups.items()
        for part in _parts(group)
    ]
    replies = selection.run([*entering, *commands], deadline, window.take)
    entered_as(selection, uidvalidity, entering, replies)
    _require_some(replies[len(entering) :], window.rows.values())
    return {row.uid: row for row in window.rows.values()}


def _require_some(replies: Iterable[Reply], rows: Iterable[FetchRow]) -> None:
    """Raise what a refusal means, unless it cost single messages."""
    for reply in replies:
        if reply.is_ok or (reply.code is not None and reply.code.name == b"EXPUNGEISSUED"):
            continue
        error = refusal(reply.status, reply.code, reply.text)
        if not (isinstance(error, UpstreamRejected | PermissionDenied | NotFound) and any(True for _ in rows)):
            raise error


def _parts(uids: Sequence[Uid]) -> Iterator[Sequence[Uid]]:
    return (uids[start : start + MAX_SET_UIDS] for start in range(0, len(uids), MAX_SET_UIDS))
