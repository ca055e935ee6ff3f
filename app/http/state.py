"""What every route finds behind its request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from app.config import Settings
from app.domain.ports import Clock
from app.services.access import Access
from app.services.accounts import Accounts
from app.services.bodies import Bodies
from app.services.changes import Changes
from app.services.edits import Edits
from app.services.idempotency import Idempotency
from app.services.links import PartLinks
from app.services.mailbox_copies import MailboxCopies
from app.services.mailboxes import Mailboxes
from app.services.messages import Messages
from app.services.owners import Owners
from app.services.parts import Parts
from app.services.rate_limit import FailureLimiter, RateLimiter
from app.services.searches import Searches
from app.services.threads import Threads
from app.services.webhooks import Webhooks
from app.telemetry.health import Health
from app.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class FaceServices:
    """All that the faces call."""

    settings: Settings
    clock: Clock
    access: Access
    accounts: Accounts
    mailboxes: Mailboxes
    messages: Messages
    bodies: Bodies
    owners: Owners
    parts: Parts
    edits: Edits
    searches: Searches
    threads: Threads
    webhooks: Webhooks
    changes: Changes
    copies: MailboxCopies
    links: PartLinks
    rate_limiter: RateLimiter
    failures: FailureLimiter
    idempotency: Idempotency
    metrics: Metrics
    refresh_metrics: Callable[[], Awaitable[None]]
    health: Health


def state_of(connection: HTTPConnection) -> FaceServices:
    """Return the services that the app was started with."""
    services: FaceServices = connection.app.state.services
    return services
