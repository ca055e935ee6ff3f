import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.domain.errors import InvalidRequest, TlsFailed, UpstreamTimeout, UpstreamUnavailable
from app.net import tls
from app.net.deadline import wait_readable
from app.net.limits import MAX_CA_PEM
from app.net.tls import TlsContexts, check_ca_pem, describe_peer, wrap
from tests.support.certificates import Certificate, CertificateAuthority

Script = Callable[[socket.socket], None]
Serve = Callable[[Script], socket.socket]


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return CertificateAuthority()


@pytest.fixture(scope="module")
def contexts() -> TlsContexts:
    return TlsContexts()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Connect to a server that runs the given script on its end of the connection, once."""
    threads: list[threading.Thread] = []
    clients: list[socket.socket] = []

    def connected(script: Script) -> socket.socket:
        def run() -> None:
            with listening, listening.accept()[0] as peer:
                try:
                    script(peer)
                except OSError:  # the client is expected to hang up in most tests
                    return

        listening = socket.create_server(("127.0.0.1", 0))
        listening.settimeout(10)
        threads.append(threading.Thread(target=run))
        threads[-1].start()
        clients.append(socket.create_connection(listening.getsockname(), 5))
        return clients[-1]

    yield connected
    for client in clients:
        client.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def _speaking_tls(
    certificate: Certificate, folder: Path, change: Callable[[ssl.SSLContext], None] | None = None
) -> Script:
    (folder / "cert.pem").write_text(certificate.certificate_pem + certificate.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem")
    if change:
        change(context)

    def script(peer: socket.socket) -> None:
        peer.settimeout(5)
        with context.wrap_socket(peer, server_side=True) as secured:
            secured.sendall(b"* OK ready\r\n")
            secured.recv(1)

    return script


def _soon(seconds: float = 5) -> float:
    return time.monotonic() + seconds


def test_the_right_authority_given_with_the_account_is_trusted(
    serve: Serve, authority: CertificateAuthority, contexts: TlsContexts, tmp_path: Path
) -> None:
    sock = serve(_speaking_tls(authority.valid(), tmp_path))
    with wrap(sock, contexts.context_for(authority.ca_pem), "localhost", _soon()) as secured:
        assert secured.recv(100) == b"* OK ready\r\n"
        assert secured.version() == "TLSv1.3"
        timeout = secured.gettimeout()
        assert timeout is not None
        assert 0 < timeout <= 5
        described = describe_peer(secured)
    assert described.startswith("TLSv1.3, certificate valid until 20")


def test_the_authority_of_the_service_is_trusted_for_every_account(
    serve: Serve, authority: CertificateAuthority, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text(authority.ca_pem)
    everywhere = TlsContexts(tmp_path / "ca.pem")
    other = CertificateAuthority("another authority").ca_pem
    for ca_pem in (None, other):
        sock = serve(_speaking_tls(authority.valid(), tmp_path))
        wrap(sock, everywhere.context_for(ca_pem), "localhost", _soon()).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "localhost."])
def test_a_certificate_is_matched_with_name_or_address(
    host: str, serve: Serve, authority: CertificateAuthority, contexts: TlsContexts, tmp_path: Path
) -> None:
    sock = serve(_speaking_tls(authority.valid(), tmp_path))
    wrap(sock, contexts.context_for(authority.ca_pem), host, _soon()).close()


def test_the_name_is_sent_for_servers_with_many_certificates(
    serve: Serve, authority: CertificateAuthority, contexts: TlsContexts, tmp_path: Path
) -> None:
    asked: list[str | None] = []

    def remember(context: ssl.SSLContext) -> None:
        context.sni_callback = lambda _sock, name, _context: asked.append(name)

    sock = serve(_speaking_tls(authority.issue(("xn--bcher-kva.example",)), tmp_path, remember))
    wrap(sock, contexts.context_for(authority.ca_pem), "bücher.example", _soon()).close()
    assert asked == ["xn--bcher-kva.example"]


def test_a_self_signed_certificate_can_be_given_as_its_own_authority(
    serve: Serve, contexts: TlsContexts, authority: CertificateAuthority, tmp_path: Path
) -> None:
    """Partial chains: the leaf alone, without its authority, is trusted when the caller gave exactly it."""
    leaf = authority.valid()
    sock = serve(_speaking_tls(leaf, tmp_path))
    wrap(sock, contexts.context_for(leaf.certificate_pem), "localhost", _soon()).close()


Issue = Callable[[CertificateAuthority], Certificate]

BAD_CERTIFICATES: list[tuple[Issue, str, str]] = [
    (lambda ca: ca.expired(), "localhost", "has expired"),
    (lambda ca: ca.wrong_host(), "localhost", "for another host name"),
    (lambda ca: ca.issue(("localhost",)), "127.0.0.1", "not for this address"),
    (lambda ca: CertificateAuthority("stranger").valid(), "localhost", "not trusted.*`ca_pem`.*MAILHATCH_CA_FILE"),
]


@pytest.mark.parametrize(("issue", "host", "words"), BAD_CERTIFICATES)
def test_a_bad_certificate_is_refused_with_advice(
    issue: Issue,
    host: str,
    words: str,
    serve: Serve,
    authority: CertificateAuthority,
    contexts: TlsContexts,
    tmp_path: Path,
) -> None:
    sock = serve(_speaking_tls(issue(authority), tmp_path))
    with pytest.raises(TlsFailed, match=words):
        wrap(sock, contexts.context_for(authority.ca_pem), host, _soon())


def test_a_self_signed_certificate_is_refused_with_advice(
    serve: Serve, contexts: TlsContexts, tmp_path: Path, self_signed: Certificate
) -> None:
    sock = serve(_speaking_tls(self_signed, tmp_path))
    with pytest.raises(TlsFailed, match=r"self-signed.*`ca_pem`"):
        wrap(sock, contexts.context_for(None), "localhost", _soon())


@pytest.fixture(scope="module")
def self_signed() -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return Certificate(
        certificate.public_bytes(pem).decode(),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode(),
    )


def test_plain_text_where_tls_is_due_names_the_other_way(serve: Serve, contexts: TlsContexts) -> None:
    def greet(peer: socket.socket) -> None:
        peer.sendall(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
        peer.recv(4096)

    with pytest.raises(TlsFailed, match=r"does not speak TLS.*starttls"):
        wrap(serve(greet), contexts.context_for(None), "localhost", _soon())


def test_an_old_protocol_version_is_refused(
    serve: Serve, authority: CertificateAuthority, contexts: TlsContexts, tmp_path: Path
) -> None:
    def answer_as_tls_1_1(peer: socket.socket) -> None:
        peer.recv(4096)
        # A ServerHello of TLS 1.1 (RFC 4346 section 7.4.1.3) that takes a cipher of the time.
        hello = bytes([3, 2]) + bytes(32) + bytes([0]) + bytes([0xC0, 0x13]) + bytes([0])
        message = bytes([2]) + len(hello).to_bytes(3, "big") + hello
        peer.sendall(bytes([22, 3, 2]) + len(message).to_bytes(2, "big") + message)
        peer.recv(4096)

    with pytest.raises(TlsFailed, match=r"no TLS version from 1\.2 on"):
        wrap(serve(answer_as_tls_1_1), contexts.context_for(None), "localhost", _soon())


def test_a_server_that_hangs_up_in_the_handshake_is_unavailable(serve: Serve, contexts: TlsContexts) -> None:
    with pytest.raises(UpstreamUnavailable, match="hung up"):
        wrap(serve(lambda peer: None), contexts.context_for(None), "localhost", _soon())


def test_a_silent_server_ends_at_the_deadline(serve: Serve, contexts: TlsContexts) -> None:
    sock = serve(lambda peer: _drain(peer))
    with pytest.raises(UpstreamTimeout):
        wrap(sock, contexts.context_for(None), "localhost", _soon(0.05))
    assert sock.fileno() == -1


def test_a_dripping_server_does_not_outlive_the_deadline(
    serve: Serve, contexts: TlsContexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte of a never-ending record each time the client waits: a timeout per read would never fire.

    The clock moves a second with each wait, so the test says how many bytes a 10 s deadline takes, and takes none.
    """
    now, waits, drip, done = [0.0], [0], threading.Semaphore(0), threading.Event()

    def dripping(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(bytes([22, 3, 3, 0x40, 0]))
        while drip.acquire(timeout=5) and not done.is_set():
            peer.sendall(b"\x02")

    real_wait = wait_readable

    def counted(sock: socket.socket, deadline: float) -> None:
        waits[0] += 1
        now[0] += 1.0
        drip.release()
        real_wait(sock, deadline)

    sock = serve(dripping)
    monkeypatch.setattr(tls, "wait_readable", counted)
    monkeypatch.setattr("app.net.deadline.time.monotonic", lambda: now[0])
    with pytest.raises(UpstreamTimeout):
        wrap(sock, contexts.context_for(None), "localhost", 10.0)
    done.set()
    drip.release()
    assert waits[0] == 10


def _drain(peer: socket.socket) -> None:
    while peer.recv(4096):
        continue


def test_the_socket_is_closed_on_a_bad_host(serve: Serve, contexts: TlsContexts) -> None:
    sock = serve(_drain)
    with pytest.raises(InvalidRequest):
        wrap(sock, contexts.context_for(None), "a\r\nb", _soon())
    assert sock.fileno() == -1


@pytest.mark.parametrize(
    "ca_pem",
    [
        "",
        "not a certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "ü",
        "x" * MAX_CA_PEM * 2,
    ],
)
def test_a_bad_authority_is_an_error_of_the_caller(ca_pem: str, contexts: TlsContexts) -> None:
    for use in (contexts.context_for, check_ca_pem):
        with pytest.raises(InvalidRequest) as caught:
            use(ca_pem)
        assert [problem.pointer for problem in caught.value.problems] == ["/incoming/tls/ca_pem"]


def test_a_private_key_among_the_authorities_is_refused(authority: CertificateAuthority) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_ca_pem(authority.ca_pem + authority.valid().key_pem)
    assert "private key" in caught.value.problems[0].detail


def test_contexts_are_shared_and_the_oldest_own_ones_go(
    contexts: TlsContexts, authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert contexts.context_for(None) is contexts.context_for(None)
    monkeypatch.setattr(tls, "MAX_CONTEXTS", 3)
    built: list[str | None] = []
    real = TlsContexts._build

    def counted(self: TlsContexts, ca_pem: str | None = None) -> ssl.SSLContext:
        built.append(ca_pem)
        return real(self, ca_pem)

    monkeypatch.setattr(TlsContexts, "_build", counted)
    few = TlsContexts()
    built.clear()
    first = few.context_for(authority.ca_pem)
    assert few.context_for(authority.ca_pem) is first
    assert len(built) == 1
    for number in range(3):
        few.context_for(authority.ca_pem + "\n" * (number + 1))
    assert len(few._own) == 3
    assert few.context_for(authority.ca_pem) is not first


def test_every_context_verifies(contexts: TlsContexts, authority: CertificateAuthority) -> None:
    for context in (contexts.context_for(None), contexts.context_for(authority.ca_pem)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_unknown_failures_are_still_ours() -> None:
    odd = ssl.SSLError(1, "[SSL: SOMETHING_NEW] something new (_ssl.c:1)")
    assert isinstance(tls._translate(odd), TlsFailed)
    odd.reason = "SOMETHING_NEW"
    assert isinstance(tls._translate(odd), TlsFailed)
    assert isinstance(tls._translate(ConnectionResetError(104, "x")), UpstreamUnavailable)


def test_a_hang_up_is_told_alike_by_every_openssl() -> None:
    """OpenSSL 3 names it by a reason, older ones by a class of its own."""
    named = ssl.SSLError(1, "x")
    named.reason = "UNEXPECTED_EOF_WHILE_READING"
    for error in (named, ssl.SSLEOFError(8, "x"), ssl.SSLZeroReturnError(6, "x"), BrokenPipeError(32, "x")):
        assert isinstance(tls._translate(error), UpstreamUnavailable)


def test_a_peer_without_a_readable_date_is_described_by_its_version(contexts: TlsContexts) -> None:
    here, there = socket.socketpair()
    with (
        there,
        contexts.context_for(None).wrap_socket(
            here, server_hostname="localhost", do_handshake_on_connect=False
        ) as unshaken,
    ):
        assert describe_peer(unshaken) == "TLS"
