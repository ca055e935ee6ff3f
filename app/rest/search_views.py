"""What a search answers."""

from dataclasses import dataclass
from typing import Literal

from app.domain.message import Summary
from app.services.searches import SearchFailure


@dataclass(frozen=True, slots=True)
class SearchFailureView:
    """A mailbox that could not be searched: `code` as of a problem, `retryable` whether trying again helps."""

    mailbox_id: str
    code: str
    detail: str
    retryable: bool

    @classmethod
    def of(cls, failure: SearchFailure) -> "SearchFailureView":
        """Show a failure."""
        error = failure.error
        return cls(failure.mailbox_id, error.code, error.detail, error.is_retryable)


@dataclass(frozen=True, slots=True)
class SearchResults:
    """A page of what was found, newest first or sorted. With `fields` the items hold these fields alone.

    `total` is told with the first page, where the mail server knows. `unsupported_terms` are terms the server could not
    run: the service looked at the messages itself, a bounded number a page, so that a page may be short or empty while
    `next` goes on. `failures` are mailboxes that could not be searched.
    """

    items: list[Summary]
    next: str | None
    total: int | None
    unsupported_terms: list[str]
    failures: list[SearchFailureView]
    sorted_by: Literal["server", "service"] | None
