"""TLS to mail servers: shared contexts, verification always on, the handshake under the operation's deadline."""

import hashlib
import socket
import ssl
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from app.domain.errors import FieldProblem, InvalidRequest, MailhatchError, TlsFailed, UpstreamUnavailable
from app.net.deadline import remaining, wait_readable, wait_writable
from app.net.host import ascii_host
from app.net.limits import MAX_CA_PEM, MAX_CONTEXTS

_ADD_CA = "If it is your own authority, give its certificate as `ca_pem` of the account or in MAILHATCH_CA_FILE."

#: By OpenSSL's verification result (x509_vfy.h).
_VERIFY_SENTENCES = {
    9: "The mail server's certificate is not valid yet.",
    10: "The mail server's certificate has expired.",
    18: f"The mail server's certificate is self-signed. {_ADD_CA}",
    19: f"The mail server's certificate comes from an authority that is not trusted. {_ADD_CA}",
    20: f"The mail server's certificate comes from an authority that is not trusted. {_ADD_CA}",
    21: f"The mail server's certificate comes from an authority that is not trusted. {_ADD_CA}",
    23: "The mail server's certificate has been revoked.",
    62: "The mail server's certificate is for another host name. Use the name it was issued for.",
    64: "The mail server's certificate is not for this address. Use the host name it was issued for.",
}

_NOT_TLS = "The mail server does not speak TLS on this port. Use the port for TLS, or `security: starttls`."
_TOO_OLD = "The mail server offers no TLS version from 1.2 on."

#: By OpenSSL's reason code; OpenSSL 3.2 and later report some under the record layer's name.
_REASON_SENTENCES = {
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
    "UNKNOWN_PROTOCOL": _NOT_TLS,
    "UNEXPECTED_MESSAGE": _NOT_TLS,
    "UNSUPPORTED_PROTOCOL": _TOO_OLD,
    "TLSV1_ALERT_PROTOCOL_VERSION": _TOO_OLD,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "The mail server and this service have no TLS settings in common.",
    "DH_KEY_TOO_SMALL": "The mail server's TLS settings are too weak.",
    "EE_KEY_TOO_SMALL": "The key of the mail server's certificate is too weak.",
    "CA_MD_TOO_WEAK": "The signature of the mail server's certificate is too weak.",
}


class TlsContexts:
    """Hands out contexts, one for all accounts without their own authorities. Safe from any thread."""

    def __init__(self, ca_file: Path | None = None) -> None:
        """Load the system's authorities, and those of `ca_file`. Raises OSError or ssl.SSLError when it is unusable."""
        self._ca_file = ca_file
        self._plain = self._build()
        self._own: OrderedDict[bytes, ssl.SSLContext] = OrderedDict()
        self._lock = Lock()

    def context_for(self, ca_pem: str | None) -> ssl.SSLContext:
        """Return the shared context; `ca_pem` adds authorities (PEM) to the system's.

        A context with its own authorities is kept by the hash of its PEM while it is among the last used. Raises
        InvalidRequest, pointing at `/incoming/tls/ca_pem`, when there is no certificate in it or it is too long.
        """
        if ca_pem is None:
            return self._plain
        key = hashlib.sha256(ca_pem.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key in self._own:
                self._own.move_to_end(key)
                return self._own[key]
        context = self._build(ca_pem)  # outside the lock: 41 ms
        with self._lock:
            context = self._own.setdefault(key, context)
            self._own.move_to_end(key)
            while len(self._own) > MAX_CONTEXTS:
                self._own.popitem(last=False)
        return context

    def _build(self, ca_pem: str | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and host name
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8997: older versions are not for mail
        # Written out, because the defaults of create_default_context differ between the Pythons we support. Partial
        # chains let `ca_pem` be the server's own or an intermediate certificate.
        context.verify_flags |= ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if self._ca_file is not None:
            context.load_verify_locations(cafile=self._ca_file)
        if ca_pem is not None:
            _add_authorities(context, ca_pem)
        return context


def check_ca_pem(ca_pem: str) -> None:
    """Raise InvalidRequest unless `ca_pem` holds certificates, and nothing but; cheap enough for every request."""
    _add_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_pem)


def _add_authorities(context: ssl.SSLContext, ca_pem: str) -> None:
    if len(ca_pem) > MAX_CA_PEM:
        raise _bad_ca_pem(f"must have at most {MAX_CA_PEM} characters")
    if "PRIVATE KEY-----" in ca_pem:
        raise _bad_ca_pem("must hold certificates only, and it has a private key in it")
    try:
        context.load_verify_locations(cadata=ca_pem)
    except (ssl.SSLError, ValueError, TypeError):  # ValueError: empty; TypeError: not ASCII
        raise _bad_ca_pem("must be one or more certificates in PEM form") from None


def _bad_ca_pem(problem: str) -> InvalidRequest:
    return InvalidRequest("The certificate authority is not valid.", [FieldProblem(problem, "/incoming/tls/ca_pem")])


def wrap(sock: socket.socket, context: ssl.SSLContext, host: str, deadline: float) -> ssl.SSLSocket:
    """Do the TLS handshake on a connected socket, blocking until `deadline` at most, however slowly the server drips.

    `host` is what the caller wrote: a name (sent as SNI) or a numeric address; the certificate must be for it. `sock`
    belongs to the returned socket, and is closed when this raises. The returned socket's timeout is what is left.

    Raises TlsFailed with advice, UpstreamUnavailable when the server hangs up, UpstreamTimeout, and InvalidRequest for
    a bad host.
    """
    try:
        name = ascii_host(host).rstrip(".").partition("%")[0]
        sock.setblocking(False)
        with _translated():
            tls = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
    except BaseException:
        sock.close()
        raise
    try:
        with _translated():
            _shake(tls, deadline)
        tls.settimeout(remaining(deadline))
    except BaseException:
        tls.close()
        raise
    return tls


def _shake(tls: ssl.SSLSocket, deadline: float) -> None:
    """Step the handshake without blocking in it: a socket's timeout counts anew for each byte that drips in."""
    wait: Callable[[socket.socket, float], None]
    while True:
        remaining(deadline)
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            wait = wait_readable
        except ssl.SSLWantWriteError:
            wait = wait_writable
        else:
            return
        wait(tls, deadline)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what ssl raises into our errors, in one place, by code and never by message text."""
    try:
        yield
    except OSError as error:  # ssl.SSLError is one
        raise _translate(error) from None


def _translate(error: OSError) -> MailhatchError:
    if isinstance(error, ssl.SSLCertVerificationError):
        default = "The mail server's certificate could not be verified."
        return TlsFailed(_VERIFY_SENTENCES.get(error.verify_code, default))
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or not isinstance(error, ssl.SSLError):
        return UpstreamUnavailable("The mail server hung up during the TLS handshake.")
    reason = getattr(error, "reason", None) or ""  # missing where the ssl module itself, not OpenSSL, raised
    if reason == "UNEXPECTED_EOF_WHILE_READING":
        return UpstreamUnavailable("The mail server hung up during the TLS handshake.")
    return TlsFailed(_REASON_SENTENCES.get(reason, "The TLS handshake with the mail server failed."))


def describe_peer(tls: ssl.SSLSocket) -> str:
    """Tell in one line what was agreed, such as `TLSv1.3, certificate valid until 2027-03-01`."""
    agreed = tls.version() or "TLS"
    with suppress(KeyError, ValueError, OSError):
        until = (tls.getpeercert() or {})["notAfter"]
        if isinstance(until, str):
            day = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC).date()
            return f"{agreed}, certificate valid until {day.isoformat()}"
    return agreed
