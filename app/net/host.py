"""The syntax of a mail host as a caller writes it."""

import re
from ipaddress import ip_address

from app.domain.errors import FieldProblem, InvalidRequest
from app.net.limits import MAX_HOST

#: RFC 1123 section 2.1 labels; underscores are laxity, they occur in internal names. A final dot makes a name absolute.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)
_NUMERIC_V6 = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,15})?", re.ASCII)


def ascii_host(host: str) -> str:
    """Return `host` as it is looked up and put into SNI: an IDNA name in ASCII or a numeric address.

    The mapping is IDNA 2003 (RFC 3490); names that IDNA 2008 spells otherwise (ß, ς) are given in their `xn--` form.
    Odd numeric spellings (`0x7f.1`, `2130706433`) pass as names: the address they resolve to is what is judged.
    Raises InvalidRequest.
    """
    if 0 < len(host) <= MAX_HOST:  # before the codec, which is slow on long input
        if _NUMERIC_V6.fullmatch(host) and _is_numeric(host):
            return host
        try:
            name = host.encode("idna").decode("ascii")
        except UnicodeError:
            name = ""
        if len(name) <= MAX_HOST and _NAME.fullmatch(name):
            return name
    raise InvalidRequest(
        "The mail server's host name is not valid.",
        [FieldProblem("must be a host name or a numeric address", "/incoming/host")],
    )


def check_port(port: int) -> None:
    """Raise InvalidRequest unless `port` is 1 to 65535."""
    if not 1 <= port <= 65535:
        raise InvalidRequest(
            "The mail server's port is not valid.", [FieldProblem("must be 1 to 65535", "/incoming/port")]
        )


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
