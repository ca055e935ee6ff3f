"""What a look into a maildrop means for what is known of it: pure."""

from collections.abc import Callable, Sequence

from app.domain.ids import Uid
from app.domain.maildrop import (
    Arrival,
    HeaderBlock,
    KnownMessage,
    Look,
    MaildropHeader,
    NewMessage,
    StoredMessage,
    Survey,
)
from app.domain.message import SummaryFacts
from app.gateway.maildrop.limits import WEAK_SIGHTINGS
from app.mime.summary import summary_from_header


def to_compare(stored: Sequence[StoredMessage]) -> tuple[KnownMessage, ...]:
    """Choose what a survey is compared with. Tombstones are found again by their UIDL alone: a message that was sent
    twice has the same header, and must not be taken for the one that was deleted.
    """
    return tuple(
        KnownMessage(one.known.uid, one.known.uidl, "", one.known.size) if one.is_gone else one.known
        for one in stored
        if not one.is_gone or one.known.uidl
    )


def judge(
    header: MaildropHeader, stored: Sequence[StoredMessage], survey: Survey, now: float, first_uid: Callable[[], Uid]
) -> Look:
    """Decide what is new, changed, missed and gone. `first_uid` hands out numbers, oldest message first.

    Nothing is missed while there are messages nobody can tell yet: one that was not found may be among them. A server
    that hides messages never loses any. A message with a weak identity is gone when it was missed twice in a row.
    """
    before = {one.known.uid: one for one in stored}
    present = {one.uid for one in survey.present}
    new = tuple(_new(arrival, first_uid(), now) for arrival in survey.arrivals)
    missed: list[Uid] = []
    gone: list[Uid] = []
    if not survey.unsure and not survey.is_partial:
        is_weak = survey.identity == "weak" or header.identity == "weak"
        for uid, one in before.items():
            if uid in present or one.is_gone:
                continue
            is_sure = one.known.uidl is not None and not is_weak
            (gone if is_sure or one.missed + 1 >= WEAK_SIGHTINGS else missed).append(uid)
    return Look(
        identity=survey.identity,
        looked_at=now,
        unread=survey.unread,
        known=tuple(_kept(one, before[one.uid].known) for one in survey.present if _differs(one, before[one.uid])),
        returned=tuple(one.uid for one in survey.present if before[one.uid].is_gone),
        read=tuple(_facts(uid, block, before[uid].known.size, now) for uid, block in survey.headers.items()),
        new=new,
        missed=tuple(missed),
        gone=tuple(gone),
    )


def _new(arrival: Arrival, uid: Uid, now: float) -> NewMessage:
    block = arrival.header
    known = KnownMessage(uid, arrival.uidl, block.fingerprint if block else "", arrival.size)
    return NewMessage(known, _facts(uid, block, arrival.size, now) if block else None)


def _facts(uid: Uid, block: HeaderBlock, size: int, now: float) -> SummaryFacts:
    return summary_from_header(uid, block.data, size, now, is_cut=block.is_cut)


def _differs(one: KnownMessage, before: StoredMessage) -> bool:
    was = before.known
    return (
        before.is_gone
        or before.missed > 0
        or one.uidl != was.uidl
        or one.size != was.size
        or (bool(one.fingerprint) and one.fingerprint != was.fingerprint)
    )


def _kept(one: KnownMessage, was: KnownMessage) -> KnownMessage:
    """Keep the fingerprint of a tombstone that came back: it was not shown to the survey."""
    return one if one.fingerprint else KnownMessage(one.uid, one.uidl, was.fingerprint, one.size)
