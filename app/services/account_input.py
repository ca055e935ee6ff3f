"""What a caller may write into an account: every finding with a JSON Pointer into the body of the request."""

import ipaddress
import re
import ssl
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.domain.account import AccessToken, Credentials, IncomingServer, Security
from app.domain.errors import FieldProblem, HostNotAllowed, InvalidRequest
from app.services.account_limits import (
    ACCESS_TOKEN_CHARS,
    CA_PEM_CHARS,
    EMAIL_CHARS,
    EXTERNAL_ID_CHARS,
    HOST_CHARS,
    LAST_EXPIRY,
    METADATA_ENTRIES,
    METADATA_KEY_CHARS,
    METADATA_VALUE_CHARS,
    PASSWORD_CHARS,
    TENANT_CHARS,
    USERNAME_CHARS,
)

#: RFC 1123 section 2.1, and the underscore that container networks use.
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
#: RFC 6750 section 2.1. Anything else could end the SASL message early.
_ACCESS_TOKEN = re.compile(r"[A-Za-z0-9._~+/=|:-]+", re.ASCII)


def check_words(
    external_id: str | None, tenant: str | None, email: str | None, metadata: Mapping[str, str]
) -> list[FieldProblem]:
    """Find what is wrong with the caller's own words about an account."""
    problems: list[FieldProblem] = []
    if external_id is not None:
        _add(problems, "/external_id", text_problem(external_id, EXTERNAL_ID_CHARS))
    if tenant is not None:
        _add(problems, "/tenant", text_problem(tenant, TENANT_CHARS))
    if email is not None:
        _add(problems, "/email", _email_problem(email))
    return problems + _metadata_problems(metadata)


def check_login(incoming: IncomingServer, credentials: Credentials, now: float) -> list[FieldProblem]:
    """Find what is wrong with where and how to log in."""
    return _server_problems(incoming) + _credential_problems(credentials, now)


def one_spelling(incoming: IncomingServer) -> IncomingServer:
    """Return the server with its host in lower case and without the root's dot."""
    return replace(incoming, host=incoming.host.lower().removesuffix("."))


def refuse(problems: Sequence[FieldProblem]) -> None:
    """Raise InvalidRequest when there are problems."""
    if problems:
        raise InvalidRequest("The account is not valid.", problems)


def refuse_insecure(incoming: IncomingServer, *, allow_insecure: bool) -> None:
    """Raise HostNotAllowed for `security: none` where the operator has not allowed it in so many words."""
    if incoming.security is Security.NONE and not allow_insecure:
        raise HostNotAllowed(
            "The server would be reached unencrypted, with the password readable on the way. Use tls or starttls; "
            "MAILHATCH_ALLOW_INSECURE_MAIL=true allows it in so many words."
        )


def text_problem(value: str, most: int) -> str | None:
    """Tell what is wrong with a short text: empty, too long, or with control characters; None when nothing is."""
    if not 1 <= len(value) <= most:
        return f"Between 1 and {most} characters."
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in value):
        return "Control characters are not allowed."
    return None


def _add(problems: list[FieldProblem], pointer: str, problem: str | None) -> None:
    if problem:
        problems.append(FieldProblem(problem, pointer))


def _email_problem(email: str) -> str | None:
    # Loose on purpose (RFC 6531 allows nearly everything): it is shown, never dialled.
    return text_problem(email, EMAIL_CHARS) or (
        None if _EMAIL.fullmatch(email) else "An address such as a@example.com."
    )


def _metadata_problems(metadata: Mapping[str, str]) -> list[FieldProblem]:
    if len(metadata) > METADATA_ENTRIES:
        return [FieldProblem(f"At most {METADATA_ENTRIES} entries.", "/metadata")]
    problems: list[FieldProblem] = []
    for key, value in metadata.items():
        if problem := text_problem(key, METADATA_KEY_CHARS):
            problems.append(FieldProblem(f"A key: {problem}", "/metadata"))
        elif len(value) > METADATA_VALUE_CHARS:
            pointer = "/metadata/" + key.replace("~", "~0").replace("/", "~1")
            problems.append(FieldProblem(f"At most {METADATA_VALUE_CHARS} characters.", pointer))
        elif "\0" in value or any(unicodedata.category(char) == "Cs" for char in value):
            pointer = "/metadata/" + key.replace("~", "~0").replace("/", "~1")
            problems.append(FieldProblem("NUL and lone surrogates are not allowed.", pointer))
    return problems


def _server_problems(incoming: IncomingServer) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    _add(problems, "/incoming/host", _host_problem(incoming.host))
    _add(problems, "/incoming/port", None if 1 <= incoming.port <= 65535 else "Between 1 and 65535.")
    _add(problems, "/incoming/username", text_problem(incoming.username, USERNAME_CHARS))
    if incoming.ca_pem is not None:
        _add(problems, "/incoming/tls/ca_pem", _pem_problem(incoming.ca_pem))
    return problems


def _host_problem(host: str) -> str | None:
    if not host.isascii():
        return "Write an international name in its ASCII form (xn--…)."
    if not 1 <= len(host) <= HOST_CHARS:
        return f"Between 1 and {HOST_CHARS} characters."
    labels = host.split(".")
    is_name = all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    return None if is_name or _is_address(host) else "A host name or an IP address, without port or scheme."


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host  # an IPv6 zone means something on this machine alone


def _pem_problem(pem: str) -> str | None:
    if len(pem) > CA_PEM_CHARS:
        return f"At most {CA_PEM_CHARS} characters."
    if not pem.isascii():
        return "Certificates in PEM form."
    if "PRIVATE KEY" in pem:
        return "Certificates only; a private key does not belong here."
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):  # ValueError: empty
        return "Certificates in PEM form."
    return None if context.cert_store_stats()["x509"] else "Certificates in PEM form."


def _credential_problems(credentials: Credentials, now: float) -> list[FieldProblem]:
    problems: list[FieldProblem] = []
    if not isinstance(credentials, AccessToken):
        _add(problems, "/incoming/auth/password", text_problem(credentials.password, PASSWORD_CHARS))
        return problems
    if not (_ACCESS_TOKEN.fullmatch(credentials.token) and len(credentials.token) <= ACCESS_TOKEN_CHARS):
        _add(problems, "/incoming/auth/token", f"A bearer token of at most {ACCESS_TOKEN_CHARS} characters.")
    if credentials.expires_at is not None:
        _add(problems, "/incoming/auth/expires_at", _expiry_problem(credentials.expires_at, now))
    return problems


def _expiry_problem(expires_at: float, now: float) -> str | None:
    if not expires_at > now:  # also refuses NaN
        return "The token has expired already."
    return None if expires_at < LAST_EXPIRY else "No token lives that long; leave it out if it is not known."
