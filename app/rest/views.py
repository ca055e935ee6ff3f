"""Shapes of answers that are the REST face's own: pages, problems, batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.domain.capabilities import Capability, CheckStep
from app.domain.mailbox import Mailbox
from app.domain.message import Summary
from app.http.views import AccountView, TokenView


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page of accounts."""

    items: list[AccountView]
    next: str | None


@dataclass(frozen=True, slots=True)
class ProblemView:
    """An RFC 9457 problem. `code` is stable; `errors` points at what is wrong in the input."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    blame: Literal["caller", "mail_server", "network", "service"]
    retryable: bool
    request_id: str
    errors: list["ProblemDetail"] | None = None
    moved_to: str | None = None
    capability: str | None = None


@dataclass(frozen=True, slots=True)
class ProblemDetail:
    """One finding: `pointer` is a JSON Pointer into the body, or `/query/…`, `/path/…`, `/header/…`.

    Of a search `code` is the stable reason and `position` the character of the query, from 1.
    """

    detail: str
    pointer: str
    code: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class BatchItem:
    """What became of one item: an account, or a problem; `status` is what it would have had alone."""

    status: int
    account: AccountView | None
    problem: ProblemView | None


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """Results in the order of the items."""

    items: list[BatchItem]


@dataclass(frozen=True, slots=True)
class CheckView:
    """What connecting found, step by step; `took` is seconds."""

    ok: bool
    steps: list[CheckStep]


@dataclass(frozen=True, slots=True)
class CapabilitiesView:
    """What works with this account, and where each truth lives."""

    protocol: str
    server: list[str]
    items: Mapping[str, Capability]


@dataclass(frozen=True, slots=True)
class MailboxList:
    """All mailboxes, parents before children; `next` is always null, for the shape of every list."""

    items: list[Mailbox]
    next: str | None


@dataclass(frozen=True, slots=True)
class SummaryList:
    """A page of summaries, newest first. With `fields` the items hold these fields alone."""

    items: list[Summary]
    next: str | None


@dataclass(frozen=True, slots=True)
class TokenPage:
    """A page of tokens."""

    items: list[TokenView]
    next: str | None


@dataclass(frozen=True, slots=True)
class HealthView:
    """Whether the service can do its work, check by check."""

    ok: bool
    checks: Mapping[str, str]
