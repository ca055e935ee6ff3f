"""What a caller may write into a webhook endpoint: every finding with a JSON Pointer into the body of the request."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from app.domain.access import Principal
from app.domain.errors import FieldProblem, Forbidden, InvalidRequest, NotFound
from app.domain.events import EventType
from app.domain.ids import AccountId
from app.domain.ports import AccountStore
from app.domain.webhooks import EventFilter, Ordering
from app.services.account_input import text_problem
from app.services.account_limits import TENANT_CHARS
from app.services.account_patch import UNSET, Unset
from app.services.webhook_limits import (
    CONCURRENCY_DEFAULT,
    CONCURRENCY_MOST,
    DESCRIPTION_CHARS,
    ENDPOINT_ACCOUNTS,
    ENDPOINT_MAILBOXES,
    HOLD_DEFAULT,
    HOLD_MOST,
    RATE_LEAST,
    RATE_MOST,
    URL_CHARS,
)

_TYPES = frozenset(kind.value for kind in EventType)


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """What a caller asks for; None means as far as the caller reaches, or all."""

    url: str
    description: str | None = None
    accounts: Sequence[str] | None = None
    tenant: str | None = None
    mailboxes: Sequence[str] | None = None
    types: Sequence[str] | None = None
    ordering: Ordering = "account"
    hold_for: float = HOLD_DEFAULT
    concurrency: int = CONCURRENCY_DEFAULT
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class EndpointPatch:
    """What a caller changes; UNSET stays as it is. Whose events it gets is for good."""

    url: str | Unset = UNSET
    description: str | Unset | None = UNSET
    mailboxes: Sequence[str] | Unset | None = UNSET
    types: Sequence[str] | Unset | None = UNSET
    ordering: Ordering | Unset = UNSET
    hold_for: float | Unset = UNSET
    concurrency: int | Unset = UNSET
    rate: float | Unset | None = UNSET


def check(new: NewEndpoint, *, allow_insecure: bool) -> None:
    """Raise InvalidRequest unless every field can be."""
    problems: list[FieldProblem] = []

    def add(pointer: str, problem: str | None) -> None:
        if problem:
            problems.append(FieldProblem(problem, pointer))

    add("/url", _url_problem(new.url, allow_insecure=allow_insecure))
    if new.description is not None:
        add("/description", text_problem(new.description, DESCRIPTION_CHARS))
    if new.tenant is not None:
        add("/tenant", text_problem(new.tenant, TENANT_CHARS))
    for index, kind in enumerate(new.types or ()):
        add(f"/types/{index}", None if kind in _TYPES else f"One of {', '.join(sorted(_TYPES))}.")
    for name, values, most in (
        ("types", new.types, len(_TYPES)),
        ("mailboxes", new.mailboxes, ENDPOINT_MAILBOXES),
        ("accounts", new.accounts, ENDPOINT_ACCOUNTS),
    ):
        if values is not None:
            add(f"/{name}", None if 1 <= len(values) <= most else f"Between 1 and {most}; leave it out for all.")
    for index, mailbox in enumerate(new.mailboxes or ()):
        add(f"/mailboxes/{index}", text_problem(mailbox, 100))
    add("/hold_for", None if 0 <= new.hold_for <= HOLD_MOST else f"Between 0 and {HOLD_MOST:.0f} seconds.")
    add("/concurrency", None if 1 <= new.concurrency <= CONCURRENCY_MOST else f"Between 1 and {CONCURRENCY_MOST}.")
    if new.rate is not None:
        add("/rate", None if RATE_LEAST <= new.rate <= RATE_MOST else f"Between {RATE_LEAST} and {RATE_MOST:.0f}.")
    if problems:
        raise InvalidRequest("The webhook endpoint is not valid.", problems)


async def reach(principal: Principal, new: NewEndpoint, accounts: AccountStore) -> EventFilter:
    """Work out whose events an endpoint gets: nothing its maker does not reach.

    Raises Forbidden for another tenant, InvalidRequest for accounts out of reach.
    """
    if principal.tenant is not None and new.tenant not in {None, principal.tenant}:
        raise Forbidden("This token makes webhooks of its own tenant alone.")
    tenant = new.tenant if new.tenant is not None else principal.tenant
    chosen = new.accounts
    if chosen is None:
        chosen = None if principal.accounts is None else sorted(principal.accounts)
    found: list[AccountId] = []
    problems: list[FieldProblem] = []
    for index, name in enumerate(chosen or ()):
        try:
            account = await accounts.get(principal, name)
        except NotFound:
            problems.append(FieldProblem("No such account.", f"/accounts/{index}"))
            continue
        if tenant is not None and account.tenant != tenant:
            problems.append(FieldProblem("The account is not of this tenant.", f"/accounts/{index}"))
        found.append(account.id)
    if problems:
        raise InvalidRequest("The webhook endpoint is not valid.", problems)
    return EventFilter(
        accounts=None if chosen is None else tuple(sorted(set(found))),
        tenant=tenant,
        mailboxes=_words(new.mailboxes),
        types=_words(new.types),
    )


def _words(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(sorted(set(values)))


def _url_problem(url: str, *, allow_insecure: bool) -> str | None:
    if not 1 <= len(url) <= URL_CHARS or not url.isascii() or any(char <= " " or char == "\x7f" for char in url):
        return f"An address of at most {URL_CHARS} characters, in ASCII and without spaces."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "Not an address."
    if parts.scheme not in {"https", "http"} or not host or port == 0:
        return "An address such as https://example.com/hook."
    if parts.scheme == "http" and not allow_insecure:
        return "Use https; MAILHATCH_ALLOW_INSECURE_WEBHOOKS allows http in so many words."
    if parts.username is not None or parts.password is not None or "\\" in url:
        return "An address has no user name and no backslash."
    if parts.fragment:
        return "An address has no fragment."
    return _host_problem(host)


def _host_problem(host: str) -> str | None:
    """Numbers are addresses in one spelling alone: what the resolver would make of the others is nobody's intention."""
    last = host.rstrip(".").rpartition(".")[2]
    if ":" in host or not (last.isdigit() or last.startswith("0x")):
        return None
    try:
        IPv4Address(host)
    except ValueError:
        return "An address in numbers has four of them, 0 to 255."
    return None
