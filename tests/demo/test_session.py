# ruff: noqa: RUF001 - file names are written in many scripts
"""Our own IMAP session reads the demo's server, whose answers are lax in more than one way."""

import email
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_network

import pytest

from app.demo.mail.accounts import demo_accounts
from app.demo.mail.compose import Person
from app.demo.mail.people import ANA, KENJI
from app.domain.account import IncomingServer, MailProtocol, Password, Security
from app.domain.message import SummaryFacts
from app.domain.ports import MailSession
from app.domain.query import MessageAddress, PageQuery, SectionRange
from app.imap.session import ImapSessionFactory
from app.net.dialer import Dialer
from app.net.guard import AddressGuard
from app.net.tls import TlsContexts
from tests.demo.conftest import PASSWORDS, RunningMailServer


def deadline() -> float:
    return time.monotonic() + 30


def opened(server: RunningMailServer, owner: Person, password: str) -> MailSession:
    factory = ImapSessionFactory(Dialer(AddressGuard((ip_network("127.0.0.0/8"),))), TlsContexts(None))
    incoming = IncomingServer(MailProtocol.IMAP, "127.0.0.1", server.port, Security.NONE, owner.email)
    return factory.open(incoming, Password(password), deadline())


@pytest.fixture
def session(demo_mail_server: RunningMailServer) -> Iterator[MailSession]:
    found = opened(demo_mail_server, ANA, PASSWORDS["demo-ana"])
    yield found
    found.close(deadline())


def rows(session: MailSession, mailbox: str) -> list[SummaryFacts]:
    page = session.page(PageQuery(mailbox, 100), (), deadline())
    return [row.facts for row in page.rows if row.facts is not None]


@pytest.mark.parametrize(("owner", "external_id"), [(ANA, "demo-ana"), (KENJI, "demo-kenji")])
def test_every_message_can_be_listed_and_opened(
    demo_mail_server: RunningMailServer, owner: Person, external_id: str
) -> None:
    accounts = {account.external_id: account for account in demo_accounts(datetime.now(UTC))}
    session = opened(demo_mail_server, owner, PASSWORDS[external_id])
    boxes = {box.name: box for box in session.mailboxes(deadline())}
    assert set(boxes) == {"INBOX", *accounts[external_id].mailboxes}
    for name, box in boxes.items():
        expected = [one for one in accounts[external_id].messages if one.mailbox == name]
        assert box.messages == len(expected)
        assert box.unseen == len([one for one in expected if "\\Seen" not in one.flags])
        page = session.page(PageQuery(name, 100), (), deadline())
        assert [row.facts.defects for row in page.rows if row.facts] == [()] * len(expected)
        for row in page.rows:
            session.message(MessageAddress(name, page.uidvalidity, row.uid), deadline())
    session.close(deadline())


def test_dates_are_those_of_the_header_though_the_server_rewrites_them(session: MailSession) -> None:
    found = {facts.subject: facts.date for facts in rows(session, "INBOX")}
    ana, _ = demo_accounts(datetime.now(UTC))
    raw = next(one.raw for one in ana.messages if b"The Margin" in one.raw)
    written = parsedate_to_datetime(email.message_from_bytes(raw)["Date"])
    read = datetime.fromisoformat(found["No. 214: Things that dry slowly"] or "")
    assert read.utcoffset() == written.utcoffset()
    assert abs((read - written).total_seconds()) < 120


def test_names_of_attachments_survive_in_every_script(session: MailSession) -> None:
    found = {facts.subject: facts for facts in (*rows(session, "INBOX"), *rows(session, "Projekte/Küche"))}
    names = [attachment.filename for attachment in found["Files with odd names"].attachments]
    assert names == ["Mira Lindqvist.vcf", "moss dot.svg", "Preise 🧾 (März).csv", None]
    plan = found["Entwurf 3 mit Backofen auf Augenhöhe ✔"]
    assert [attachment.filename for attachment in plan.attachments] == ["Küchenplan – Entwurf 3 (größer).pdf"]


def test_inline_images_are_no_attachments(session: MailSession) -> None:
    found = {facts.subject: facts for facts in rows(session, "INBOX")}
    assert found["vorher / nachher 🧡"].attachments == ()
    assert found["Menu board: last look before paint"].attachments == ()


def test_the_large_attachment_comes_in_pieces(session: MailSession) -> None:
    page = session.page(PageQuery("INBOX", 100), (), deadline())
    (uid,) = [row.uid for row in page.rows if row.facts and row.facts.subject.startswith("Press hall")]
    address = MessageAddress("INBOX", page.uidvalidity, uid)
    wanted = [SectionRange("2", 0, 70_000), SectionRange("2", 7_000_000, 1000), SectionRange("1")]
    first, last, words = session.sections(address, wanted, deadline())
    assert first.startswith(b"UklGR")  # RIFF, in base64
    assert len(first) == 70_000
    assert len(last) == 1000
    assert words.startswith(b"Hi Ana,")
