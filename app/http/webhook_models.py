"""Request bodies of webhooks."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.http.body import Body
from app.services.account_limits import TENANT_CHARS
from app.services.account_patch import UNSET
from app.services.webhook_input import EndpointPatch, NewEndpoint
from app.services.webhook_limits import (
    CONCURRENCY_DEFAULT,
    CONCURRENCY_MOST,
    DESCRIPTION_CHARS,
    ENDPOINT_ACCOUNTS,
    ENDPOINT_MAILBOXES,
    HOLD_DEFAULT,
    HOLD_MOST,
    OVERLAP_DEFAULT,
    OVERLAP_MOST,
    RATE_LEAST,
    RATE_MOST,
    URL_CHARS,
)

_Word = Annotated[str, Field(max_length=512)]
_MAILBOXES = "Ids or roles of mailboxes; all if missing. Events of no mailbox always come."
_TYPES = "Event types; all if missing."
_ORDERING = "`account`: in the order of its account; `none`: as fast as it goes."
_HOLD = "Seconds an event that fails may hold up the later ones of its account."
_CONCURRENCY = "Requests at a time."
_RATE = "Requests a second; unbounded if missing."


class WebhookBody(Body):
    """A webhook endpoint to make."""

    url: str = Field(min_length=1, max_length=URL_CHARS, examples=["https://hooks.example.com/mail"])
    description: str | None = Field(None, max_length=DESCRIPTION_CHARS)
    accounts: list[_Word] | None = Field(
        None, max_length=ENDPOINT_ACCOUNTS, description="Events of these accounts alone; all in reach if missing."
    )
    tenant: str | None = Field(None, max_length=TENANT_CHARS, description="Events of this tenant's accounts alone.")
    mailboxes: list[_Word] | None = Field(None, max_length=ENDPOINT_MAILBOXES, description=_MAILBOXES)
    types: list[_Word] | None = Field(None, max_length=50, description=_TYPES)
    ordering: Literal["account", "none"] = Field("account", description=_ORDERING)
    hold_for: float = Field(HOLD_DEFAULT, ge=0, le=HOLD_MOST, description=_HOLD)
    concurrency: int = Field(CONCURRENCY_DEFAULT, ge=1, le=CONCURRENCY_MOST, description=_CONCURRENCY)
    rate: float | None = Field(None, ge=RATE_LEAST, le=RATE_MOST, description=_RATE)
    verify: bool = Field(False, description="Make it only if it answers a test event with 2xx.")

    def to_domain(self) -> NewEndpoint:
        """Return what the service takes."""
        return NewEndpoint(
            url=self.url,
            description=self.description,
            accounts=self.accounts,
            tenant=self.tenant,
            mailboxes=self.mailboxes,
            types=self.types,
            ordering=self.ordering,
            hold_for=self.hold_for,
            concurrency=self.concurrency,
            rate=self.rate,
        )


class WebhookMerge(Body):
    """Merge patch of a webhook endpoint (RFC 7396): what is missing stays, null means all or none."""

    url: str | None = Field(None, min_length=1, max_length=URL_CHARS)
    description: str | None = Field(None, max_length=DESCRIPTION_CHARS)
    mailboxes: list[_Word] | None = Field(None, max_length=ENDPOINT_MAILBOXES, description=_MAILBOXES)
    types: list[_Word] | None = Field(None, max_length=50, description=_TYPES)
    ordering: Literal["account", "none"] | None = Field(None, description=_ORDERING)
    hold_for: float | None = Field(None, ge=0, le=HOLD_MOST, description=_HOLD)
    concurrency: int | None = Field(None, ge=1, le=CONCURRENCY_MOST, description=_CONCURRENCY)
    rate: float | None = Field(None, ge=RATE_LEAST, le=RATE_MOST, description=_RATE)

    @model_validator(mode="after")
    def _refuse_null(self) -> "WebhookMerge":
        for name in ("url", "ordering", "hold_for", "concurrency"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise PydanticCustomError("null", "{name} cannot be emptied; leave it out to keep it", {"name": name})
        return self

    def to_domain(self) -> EndpointPatch:
        """Return what the service takes: UNSET where nothing was said."""
        given = self.model_fields_set
        return EndpointPatch(
            url=UNSET if self.url is None else self.url,
            description=self.description if "description" in given else UNSET,
            mailboxes=self.mailboxes if "mailboxes" in given else UNSET,
            types=self.types if "types" in given else UNSET,
            ordering=UNSET if self.ordering is None else self.ordering,
            hold_for=UNSET if self.hold_for is None else self.hold_for,
            concurrency=UNSET if self.concurrency is None else self.concurrency,
            rate=self.rate if "rate" in given else UNSET,
        )


class RotationBody(Body):
    """How a secret is replaced."""

    overlap: float = Field(
        OVERLAP_DEFAULT, ge=0, le=OVERLAP_MOST, description="Seconds the former secret goes on signing beside it."
    )


class ReplayBody(Body):
    """Which events to deliver again."""

    since: datetime = Field(description="Events from this time on, with offset.")
    until: datetime | None = Field(None, description="And before this one; up to now if missing.")
    account: str | None = Field(None, max_length=512, description="Of this account alone.")

    @property
    def span(self) -> tuple[float, float | None]:
        """Both times as Unix seconds."""
        return _unix(self.since), None if self.until is None else _unix(self.until)


def _unix(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
