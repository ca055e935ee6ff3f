"""The test server itself does what the tests believe of it."""

import socket
import ssl
from collections.abc import Callable

import pytest

from tests.support.dovecot import Dovecot, Endpoint, MailUser
from tests.support.mailfill import numbered_message

pytestmark = pytest.mark.dovecot


def test_mail_arrives_by_append_and_by_lmtp(mail_user: MailUser) -> None:
    assert mail_user.append(numbered_message(1), flags=["\\Seen"], received=1_767_225_600) == 1
    mail_user.deliver(numbered_message(2))
    assert mail_user.uids() == [1, 2]


def test_a_user_starts_with_an_empty_inbox(mail_user: MailUser) -> None:
    assert mail_user.uids() == []


def test_filled_mail_is_numbered_in_order(mail_user: MailUser) -> None:
    mail_user.fill(120, "Viel/Größe 箱")
    with mail_user.client() as imap:
        imap.select_folder("Viel/Größe 箱")
        found = imap.fetch([1, 120], ["ENVELOPE", "RFC822.SIZE", "BODY[]"])
    assert found[1][b"ENVELOPE"].subject == b"Message number 0"
    assert found[120][b"ENVELOPE"].subject == b"Message number 119"
    assert found[120][b"RFC822.SIZE"] == len(found[120][b"BODY[]"])
    assert found[120][b"BODY[]"] == numbered_message(119)


def test_login_needs_starttls_where_it_is_required(dovecot: Dovecot) -> None:
    assert b"STARTTLS LOGINDISABLED" in greeting(dovecot.starttls)
    assert b"LOGINDISABLED" not in greeting(dovecot.plain)


def test_certificates_are_wrong_in_one_way_each(dovecot: Dovecot) -> None:
    handshake(dovecot.tls, dovecot.ca_pem)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(dovecot.expired, dovecot.ca_pem)
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        handshake(dovecot.wrong_host, dovecot.ca_pem)


def test_connections_are_counted_and_can_be_cut(mail_user: MailUser) -> None:
    with mail_user.client() as imap:
        assert mail_user.has_connections(1)
        mail_user.kick()
        with pytest.raises(imap.AbortError):
            imap.noop()


def test_uidvalidity_can_change(mail_user: MailUser) -> None:
    mail_user.append(numbered_message(1))
    new = mail_user.change_uidvalidity()
    with mail_user.client() as imap:
        assert imap.select_folder("INBOX")[b"UIDVALIDITY"] == new


def test_capabilities_can_be_switched_off(dovecot_with: Callable[..., Dovecot]) -> None:
    user = dovecot_with(capability="IMAP4rev1 IDLE").add_user()
    with user.client() as imap:
        assert imap.capabilities() == (b"IMAP4REV1", b"IDLE")


def test_access_tokens_open_the_mailbox(mail_user: MailUser) -> None:
    with mail_user.client_with_token(mail_user.access_token()) as imap:
        imap.select_folder("INBOX")


@pytest.mark.parametrize("broken", ["expired", "forged"])
def test_a_bad_access_token_does_not(mail_user: MailUser, broken: str) -> None:
    token = mail_user.access_token(lifetime=-60) if broken == "expired" else mail_user.access_token()[:-4] + "AAAA"
    with pytest.raises(Exception, match=r"(?i)auth"), mail_user.client_with_token(token):
        pass


def greeting(endpoint: Endpoint) -> bytes:
    with socket.create_connection((endpoint.host, endpoint.port), timeout=5) as sock:
        return sock.recv(1000)


def handshake(endpoint: Endpoint, ca_pem: str) -> None:
    context = ssl.create_default_context(cadata=ca_pem)
    with (
        socket.create_connection((endpoint.host, endpoint.port), timeout=5) as sock,
        context.wrap_socket(sock, server_hostname=endpoint.host) as tls,
    ):
        assert tls.recv(4) == b"* OK"
