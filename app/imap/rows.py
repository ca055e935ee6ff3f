"""Rows of messages that are named by UID: one flush, and one more for those that came broken."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime

from app.domain.flags import from_imap
from app.domain.ids import Uid
from app.domain.lookup import RowsQuery
from app.domain.query import Row
from app.imap.facts import UNREADABLE_ENVELOPE, read_summary
from app.imap.items import FLAGS, rescue_items, row_items
from app.imap.many import fetch_rows
from app.imap.selection import Selection
from app.imap.wire.dates import read_date


def read_rows(selection: Selection, query: RowsQuery, known: Container[Uid], deadline: float) -> tuple[Row, ...]:
    """Fetch rows in the order asked. See `SearchSession.rows`."""
    if not query.uids:
        return ()
    light = [uid for uid in query.uids if not query.with_facts or uid in known]
    asked_light = frozenset(light)
    full = [uid for uid in query.uids if uid not in asked_light]
    items = row_items(selection.features, with_preview=query.with_preview)
    groups = {item: uids for item, uids in ((FLAGS, light), (items, full)) if uids}
    rows = fetch_rows(selection, query.mailbox, query.uidvalidity, groups, deadline)
    facts = {uid: read_summary(rows[uid], with_preview=query.with_preview) for uid in full if uid in rows}
    broken = [uid for uid, one in facts.items() if rows[uid].is_broken or UNREADABLE_ENVELOPE in one.defects]
    if broken:
        again = {rescue_items(selection.features): broken}
        for uid, row in fetch_rows(selection, query.mailbox, query.uidvalidity, again, deadline).items():
            whole = row._replace(items={**rows[uid].items, **row.items})
            facts[uid] = read_summary(whole, with_preview=query.with_preview)
    return tuple(
        [Row(uid, rows[uid].seq, from_imap(rows[uid].flags()), facts.get(uid)) for uid in query.uids if uid in rows]
    )


def read_received(
    selection: Selection, mailbox: str, uidvalidity: int, uids: Sequence[Uid], deadline: float
) -> Mapping[Uid, float | None]:
    """Tell when messages were received. See `SearchSession.received`."""
    if not uids:
        return {}
    rows = fetch_rows(selection, mailbox, uidvalidity, {"(UID INTERNALDATE)": uids}, deadline)
    return {uid: seconds(read_date(row.text(b"INTERNALDATE") or b"")) for uid, row in rows.items()}


def seconds(received: str | None) -> float | None:
    """Turn ISO 8601 with offset into Unix seconds."""
    return None if received is None else datetime.fromisoformat(received).timestamp()
