import imaplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.demo.limits import MOST_MESSAGES
from app.demo.mail.accounts import demo_accounts
from app.demo.mail.maildrop import maildrop_messages
from tests.demo.conftest import PASSWORDS, RunningMailServer


@contextmanager
def logged_in(server: RunningMailServer, external_id: str = "demo-ana") -> Iterator[imaplib.IMAP4]:
    users = {"demo-ana": "ana@lindenhof.example", "demo-kenji": "kenji@hoshizora.example"}
    with imaplib.IMAP4("127.0.0.1", server.port, timeout=20) as connection:
        connection.login(users[external_id], PASSWORDS[external_id])
        yield connection


@pytest.fixture
def client(demo_mail_server: RunningMailServer) -> Iterator[imaplib.IMAP4]:
    with logged_in(demo_mail_server) as connection:
        yield connection


def lines(answer: tuple[str, Any]) -> list[bytes]:
    status, data = answer
    assert status in {"OK", "EXISTS"}
    return [b" ".join(item) if isinstance(item, tuple) else item for item in data if isinstance(item, bytes | tuple)]


def names(client: imaplib.IMAP4) -> set[bytes]:
    return {line.split(b' "/" ')[1].strip(b'"') for line in lines(client.list())}


def test_each_person_sees_their_own_mailboxes(client: imaplib.IMAP4, demo_mail_server: RunningMailServer) -> None:
    mine = names(client)
    assert {b"INBOX", b"Sent", b"Projekte/K&APw-che", b"Rechnungen &- Belege"} <= mine
    with logged_in(demo_mail_server, "demo-kenji") as other:
        assert b"&ZcWITA-/&TqyQ,Q-" in names(other) - mine


def test_a_wrong_password_is_refused(demo_mail_server: RunningMailServer) -> None:
    with (
        imaplib.IMAP4("127.0.0.1", demo_mail_server.port, timeout=20) as connection,
        pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
    ):
        connection.login("ana@lindenhof.example", PASSWORDS["demo-kenji"])


def test_all_mail_is_there_with_flags_and_dates(client: imaplib.IMAP4, demo_mail_server: RunningMailServer) -> None:
    ana, kenji = demo_accounts(datetime.now(UTC))
    mira = maildrop_messages(datetime.now(UTC))
    assert demo_mail_server.messages == len(ana.messages) + len(kenji.messages) + len(mira)
    inbox = [one for one in ana.messages if one.mailbox == "INBOX"]
    client.select("INBOX", readonly=True)
    rows = lines(client.uid("FETCH", "1:*", "(FLAGS INTERNALDATE RFC822.SIZE)"))
    assert len(rows) == len(inbox)
    for row, expected in zip(rows, inbox, strict=True):
        flags = {flag.decode() for flag in imaplib.ParseFlags(row)}
        assert flags - {"\\Recent"} == set(expected.flags)
        kept = imaplib.Internaldate2tuple(row)
        assert kept is not None
        received = datetime(*kept[:6]).astimezone(UTC)
        assert abs(received - expected.received) < timedelta(minutes=2)  # the server's now is a little earlier


def test_every_message_survives_the_items_a_page_and_an_open_message_need(client: imaplib.IMAP4) -> None:
    for name in sorted(names(client)):
        client.select(f'"{name.decode()}"', readonly=True)
        items = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER] BODY.PEEK[1]<0.4096>)"
        lines(client.uid("FETCH", "1:*", items))


def test_the_large_attachment_can_be_read_in_pieces(client: imaplib.IMAP4) -> None:
    client.select("INBOX", readonly=True)
    _, found = client.uid("SEARCH", "SUBJECT", '"Press hall recording"')
    uid = found[0].decode()
    first = lines(client.uid("FETCH", uid, "(BODY.PEEK[2]<0.1000>)"))[0]
    assert b"UklGR" in first  # RIFF, in base64
    assert b"{1000}" in lines(client.uid("FETCH", uid, "(BODY.PEEK[2]<7000000.1000>)"))[0]


def test_new_mail_arrives_unread_and_a_waiting_client_hears_of_it(fresh_mail_server: RunningMailServer) -> None:
    with logged_in(fresh_mail_server) as client:
        _, before = client.select("INBOX", readonly=True)
        while fresh_mail_server.deliver()["to"] != "demo-ana":
            pass
        client.noop()
        newest = lines(client.response("EXISTS"))[-1]
        assert int(newest) == int(before[0] or 0) + 1
        row = lines(client.fetch(newest.decode(), "(FLAGS)"))[0]
        assert b"\\Seen" not in row


def test_the_oldest_arrival_goes_when_there_would_be_too_many(fresh_mail_server: RunningMailServer) -> None:
    on_imap = fresh_mail_server.messages - len(maildrop_messages(datetime.now(UTC)))
    for _ in range(MOST_MESSAGES - on_imap + 5):
        fresh_mail_server.deliver()
    total = 0
    for external_id in ("demo-ana", "demo-kenji"):
        with logged_in(fresh_mail_server, external_id) as connection:
            for name in names(connection):
                status = lines(connection.status(f'"{name.decode()}"', "(MESSAGES)"))[0]
                total += int(status.rsplit(b" ", 1)[1].rstrip(b")"))
    assert total == MOST_MESSAGES


def test_it_ends_with_its_parent_even_while_a_client_is_connected(fresh_mail_server: RunningMailServer) -> None:
    with logged_in(fresh_mail_server) as client:
        client.select("INBOX", readonly=True)
        assert fresh_mail_server.process.stdin is not None
        fresh_mail_server.process.stdin.close()
        assert fresh_mail_server.process.wait(20) == 0
