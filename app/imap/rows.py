"""Rows of messages that are named by UID: one flush, and one more for those that came broken."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime

from app.domain.errors import NotFound, StaleReference, UpstreamRejected
from app.domain.flags import from_imap
from app.domain.ids import Uid
from app.domain.lookup import RowsQuery
from app.domain.message import SummaryFacts
from app.domain.query import Row
from app.imap.errors import refusal
from app.imap.facts import UNREADABLE_ENVELOPE, read_summary
from app.imap.items import FLAGS, rescue_items, row_items
from app.imap.selection import Selection
from app.imap.wire.commands import Command, command
from app.imap.wire.dates import read_date
from app.imap.wire.fetch import FetchRow, read_fetch
from app.imap.wire.responses import Untagged
from app.imap.wire.uid_sets import format_set


def read_rows(selection: Selection, query: RowsQuery, known: Container[Uid], deadline: float) -> tuple[Row, ...]:
    """Fetch rows in the order asked. See `SearchSession.rows`."""
    if not query.uids:
        return ()
    light = [uid for uid in query.uids if not query.with_facts or uid in known]
    asked_light = frozenset(light)
    full = [uid for uid in query.uids if uid not in asked_light]
    items = row_items(selection.features, with_preview=query.with_preview)
    commands = [_fetch(light, FLAGS)] if light else []
    if full:
        commands.append(_fetch(full, items))
    rows = _run(selection, query.mailbox, query.uidvalidity, commands, frozenset(query.uids), deadline)
    facts = {uid: read_summary(rows[uid], with_preview=query.with_preview) for uid in full if uid in rows}
    broken = [uid for uid, one in facts.items() if rows[uid].is_broken or UNREADABLE_ENVELOPE in one.defects]
    if broken:
        again = [_fetch(broken, rescue_items(selection.features))]
        rescued = _run(selection, query.mailbox, query.uidvalidity, again, frozenset(broken), deadline)
        for uid, row in rescued.items():
            rows[uid] = _joined(rows[uid], row)
            facts[Uid(uid)] = read_summary(rows[uid], with_preview=query.with_preview)
    return tuple([_row(rows[uid], facts.get(uid)) for uid in query.uids if uid in rows])


def read_received(
    selection: Selection, mailbox: str, uidvalidity: int, uids: Sequence[Uid], deadline: float
) -> Mapping[Uid, float | None]:
    """Tell when messages were received. See `SearchSession.received`."""
    if not uids:
        return {}
    asked = frozenset(uids)
    rows = _run(selection, mailbox, uidvalidity, [_fetch(uids, "(UID INTERNALDATE)")], asked, deadline)
    return {Uid(uid): seconds(read_date(row.text(b"INTERNALDATE") or b"")) for uid, row in rows.items()}


def seconds(received: str | None) -> float | None:
    """Turn ISO 8601 with offset into Unix seconds."""
    return None if received is None else datetime.fromisoformat(received).timestamp()


def _fetch(uids: Sequence[int], items: str) -> Command:
    return command("UID FETCH", format_set(uids), items, expects=["FETCH"])


def _run(
    selection: Selection,
    mailbox: str,
    uidvalidity: int,
    commands: Sequence[Command],
    asked: frozenset[int],
    deadline: float,
) -> dict[int, FetchRow]:
    """Send the commands and return the rows that were asked for; messages that are gone have none."""
    rows: dict[int, FetchRow] = {}

    def take(untagged: Untagged) -> None:
        row = read_fetch(untagged) if untagged.kind == b"FETCH" else None
        if row is not None and row.uid in asked:
            before = rows.get(row.uid)
            rows[row.uid] = row if before is None else _joined(before, row)

    entering = selection.enter(mailbox, uidvalidity)
    replies = selection.run([*entering, *commands], deadline, take)
    try:
        view = selection.entered(entering, replies)
    except NotFound:
        raise StaleReference("The mailbox of these messages is no longer there.") from None
    if view.uidvalidity != uidvalidity:
        raise StaleReference("The mailbox was renumbered; its messages have new ids.")
    for reply in replies[len(entering) :]:
        if reply.is_ok or (reply.code is not None and reply.code.name == b"EXPUNGEISSUED"):
            continue
        error = refusal(reply.status, reply.code, reply.text)
        if not (isinstance(error, UpstreamRejected) and rows):
            raise error
    return rows


def _joined(before: FetchRow, row: FetchRow) -> FetchRow:
    """Put what a second response says of a message to the first: flags of this moment may come by themselves."""
    if before.envelope is not None or before.files is not None:
        return FetchRow(
            row.seq, row.uid, {**before.items, **row.items}, before.is_broken, row.envelope or before.envelope,
            before.files if row.files is None else row.files,
        )  # fmt: skip
    return FetchRow(row.seq, row.uid, {**before.items, **row.items}, row.is_broken, row.envelope, row.files)


def _row(row: FetchRow, facts: SummaryFacts | None) -> Row:
    return Row(row.uid, row.seq, from_imap(row.flags()), facts)
