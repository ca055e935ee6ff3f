from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.account import AccessToken, Password, Security
from app.domain.errors import HostNotAllowed
from app.domain.ports import NewAccount
from app.services.account_input import check_login, check_words, one_spelling, refuse_insecure
from tests.services.fakes import new_account, server
from tests.support.certificates import CertificateAuthority

NOW = 1_800_000_000.0


def pointers(new: NewAccount) -> list[str]:
    problems = check_words(new.external_id, new.tenant, new.email, new.metadata)
    return [problem.pointer for problem in problems + check_login(one_spelling(new.incoming), new.credentials, NOW)]


@pytest.mark.parametrize(
    "host",
    [
        "imap.example.com",
        "IMAP.Example.COM.",
        "localhost",
        "mail_1",
        "192.0.2.1",
        "2001:db8::1",
        "xn--mller-kva.example",
    ],
)
def test_hosts_that_may_be(host: str) -> None:
    assert pointers(new_account(incoming=server(host))) == []


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "imap..example.com",
        "-imap.example.com",
        "imap.example.com:993",
        "imaps://imap.example.com",
        "user@imap.example.com",
        "imap.example.com/x",
        "imap example",
        "müller.example",
        "imap.example.com\r\nA1 LOGOUT",
        "imap.example.com\0",
        "1.2.3.4.5",
        "0x7f.1",
        "[::1]",
        "fe80::1%eth0\n",
        "a" * 64,
        "a." * 130,
    ],
)
def test_hosts_that_may_not(host: str) -> None:
    assert pointers(new_account(incoming=server(host))) == ["/incoming/host"]


@pytest.mark.parametrize(
    ("new", "pointer"),
    [
        (new_account(external_id=""), "/external_id"),
        (new_account(external_id="x" * 256), "/external_id"),
        (new_account(external_id="a\0b"), "/external_id"),
        (new_account(tenant=""), "/tenant"),
        (new_account(tenant="x" * 256), "/tenant"),
        (new_account(email="nobody"), "/email"),
        (new_account(email="a@b@c"), "/email"),
        (new_account(email="a b@example.com"), "/email"),
        (new_account(email="x" * 320 + "@example.com"), "/email"),
        (new_account(metadata={str(n): "x" for n in range(51)}), "/metadata"),
        (new_account(metadata={"": "x"}), "/metadata"),
        (new_account(metadata={"k" * 65: "x"}), "/metadata"),
        (new_account(metadata={"a/b~c": "x" * 1025}), "/metadata/a~1b~0c"),
        (new_account(metadata={"k": "\0"}), "/metadata/k"),
        (new_account(metadata={"k": "\ud800"}), "/metadata/k"),
        (new_account(incoming=server(port=0)), "/incoming/port"),
        (new_account(incoming=server(port=65536)), "/incoming/port"),
        (new_account(incoming=server(username="")), "/incoming/username"),
        (new_account(incoming=server(username="ann\r\nA1 DELETE INBOX")), "/incoming/username"),
        (new_account(incoming=server(username="\ud800")), "/incoming/username"),
        (new_account(credentials=Password("")), "/incoming/auth/password"),
        (new_account(credentials=Password("a\r\nb")), "/incoming/auth/password"),
        (new_account(credentials=Password("x" * 4097)), "/incoming/auth/password"),
        (new_account(credentials=AccessToken("")), "/incoming/auth/token"),
        (new_account(credentials=AccessToken("a\x01auth=x")), "/incoming/auth/token"),
        (new_account(credentials=AccessToken("x" * 16_385)), "/incoming/auth/token"),
        (new_account(credentials=AccessToken("t", NOW)), "/incoming/auth/expires_at"),
        (new_account(credentials=AccessToken("t", float("nan"))), "/incoming/auth/expires_at"),
        (
            new_account(credentials=AccessToken("t", 253_402_387_139.0)),
            "/incoming/auth/expires_at",
        ),  # in the year 10000
        (new_account(incoming=replace(server(), ca_pem="")), "/incoming/tls/ca_pem"),
        (new_account(incoming=replace(server(), ca_pem="hello")), "/incoming/tls/ca_pem"),
        (new_account(incoming=replace(server(), ca_pem="häää")), "/incoming/tls/ca_pem"),
        (new_account(incoming=replace(server(), ca_pem="x" * 65_537)), "/incoming/tls/ca_pem"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(new: NewAccount, pointer: str) -> None:
    assert pointers(new) == [pointer]


def test_everything_wrong_is_told_at_once() -> None:
    new = NewAccount("", "", "", {"": ""}, server("", 0, username=""), Password(""))
    assert len(pointers(new)) == 8


def test_words_of_the_world_are_welcome() -> None:
    new = new_account(
        external_id="用户/1",
        tenant="Ünternehmen & Söhne",
        email="почта@пример.рф",
        metadata={"note": "two\nlines", "emoji": "📮"},
        incoming=server(username="ann@example.com"),
        credentials=Password("pässwörd “quoted” \\ 密码"),
    )
    assert pointers(new) == []


def test_certificates_are_read_and_private_keys_refused(certificate_authority: CertificateAuthority) -> None:
    pem = certificate_authority.ca_pem
    assert pointers(new_account(incoming=replace(server(), ca_pem=pem))) == []
    key = pem + "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
    assert pointers(new_account(incoming=replace(server(), ca_pem=key))) == ["/incoming/tls/ca_pem"]


def test_an_unencrypted_server_is_allowed_in_so_many_words() -> None:
    plain = server(security=Security.NONE)
    with pytest.raises(HostNotAllowed, match="MAILHATCH_ALLOW_INSECURE_MAIL"):
        refuse_insecure(plain, allow_insecure=False)
    refuse_insecure(plain, allow_insecure=True)
    refuse_insecure(server(), allow_insecure=False)


@given(st.text(max_size=80), st.text(max_size=80))
def test_nothing_that_passes_can_break_a_line(host: str, text: str) -> None:
    new = new_account(incoming=server(host or "x", username=text), credentials=Password(text))
    if not pointers(new):
        assert one_spelling(new.incoming).host.isascii()
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in host + text)
