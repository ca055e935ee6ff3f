"""The two IMAP accounts of the demo, with all their mail."""

from dataclasses import dataclass
from datetime import datetime

from app.demo.mail import awkward, clients, machines, newsletters, press, sealed, studio, thread, world
from app.demo.mail.compose import Person
from app.demo.mail.desk import DemoMessage, Desk
from app.demo.mail.people import ANA, KENJI

_COMMON = ("Archive", "Drafts", "Junk", "Sent", "Trash")


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A person's account: `mailboxes` are all there is beside INBOX, `messages` lie in order of arrival."""

    external_id: str
    owner: Person
    mailboxes: tuple[str, ...]
    messages: tuple[DemoMessage, ...]


def demo_accounts(now: datetime, seed: int = 1) -> tuple[DemoAccount, ...]:
    """Write both persons' mail as of `now`; the same arguments give the same bytes. Together under 100 messages."""
    ana, kenji = Desk(ANA, now, seed), Desk(KENJI, now, seed)
    for room in (thread, studio, clients, newsletters, machines, sealed, awkward, world):
        room.add(ana)
    for room in (thread, press):
        room.add(kenji)
    return (
        DemoAccount(
            "demo-ana",
            ANA,
            (*_COMMON, "Projekte", "Projekte/Küche", "Projekte/Morgenrot", "Rechnungen & Belege"),
            _in_order(ana),
        ),
        DemoAccount("demo-kenji", KENJI, (*_COMMON, "仕事", "仕事/見積り", "旅行", "旅行/京都"), _in_order(kenji)),
    )


def _in_order(desk: Desk) -> tuple[DemoMessage, ...]:
    return tuple(sorted(desk.messages, key=lambda message: message.received))
