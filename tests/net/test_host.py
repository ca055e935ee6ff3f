import pytest

from app.domain.errors import InvalidRequest
from app.net.host import ascii_host, check_port


@pytest.mark.parametrize(
    ("written", "looked_up"),
    [
        ("imap.example.com", "imap.example.com"),
        ("IMAP.Example.COM", "IMAP.Example.COM"),
        ("imap.example.com.", "imap.example.com."),
        ("mail_1.internal", "mail_1.internal"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("例え.jp", "xn--r8jz45g.jp"),
        ("192.168.1.4", "192.168.1.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("0x7f.1", "0x7f.1"),
        ("①②⑦.0.0.1", "127.0.0.1"),
    ],
)
def test_a_host_is_spelled_for_the_lookup(written: str, looked_up: str) -> None:
    assert ascii_host(written) == looked_up


@pytest.mark.parametrize(
    "written",
    [
        *("", ".", "a..b", " example.com", "example.com ", "exa mple.com", "example.com\n", "a\r\nb", "a\0b", "a/b"),
        *("user@example.com", "example.com:993", "[::1]", "imap://example.com", "x" * 64 + ".com", "a." * 127 + "com"),
        *("fe80::1%eth0\r\n", "fe80::1%", "::1%a b", "\ud800", "a" * 100_000, "ü" * 250, "a,b", "a;b", "$(id)", ":::"),
    ],
)
def test_a_host_that_is_none_is_refused_with_its_place(written: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ascii_host(written)
    assert [problem.pointer for problem in caught.value.problems] == ["/incoming/host"]


@pytest.mark.parametrize("port", [-1, 0, 65536, 10**12])
def test_a_port_that_is_none_is_refused_with_its_place(port: int) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_port(port)
    assert [problem.pointer for problem in caught.value.problems] == ["/incoming/port"]


@pytest.mark.parametrize("port", [1, 143, 65535])
def test_a_port_is_accepted(port: int) -> None:
    check_port(port)
