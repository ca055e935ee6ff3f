"""What resolvers find behind their request."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import strawberry

from app.domain.access import Principal, Scope
from app.domain.errors import NotFound
from app.domain.ids import AccountId
from app.domain.message import Summary
from app.http.account_references import resolve_account
from app.http.state import FaceServices

if TYPE_CHECKING:
    from app.graphql.loaders import Loaders

#: A section number, as REST takes it in a path.
_SECTION = re.compile(r"[0-9]+(\.[0-9]+)*\Z")


@dataclass(slots=True)
class Call:
    """One GraphQL operation: the services, who calls, the address that links begin with, and what was loaded so far."""

    at: FaceServices
    principal: Principal
    base_url: str
    loaders: "Loaders"

    async def account_id(self, reference: str) -> str:
        """Return the id of an account given by id or `external:`."""
        return await resolve_account(reference, self.principal, self.at)

    def may(self, scope: Scope) -> bool:
        """Whether the caller has a scope."""
        return self.principal.is_admin or scope in self.principal.scopes

    def part_url(self, account_id: str, message: str, part: str) -> str:
        """Make a signed link to a part. Raises Forbidden without `mail.body.read`, NotFound for what is no section."""
        self.principal.require(Scope.MAIL_BODY_READ)
        if not _SECTION.match(part):
            raise NotFound("This message has no such part.")
        return self.at.links.url(self.base_url, self.principal, AccountId(account_id), message, part)

    def linked_if_may(self, account_id: str, summary: Summary) -> Summary:
        """Give the attachments of a summary their links if the caller may follow them."""
        return self.linked(account_id, summary) if self.may(Scope.MAIL_BODY_READ) else summary

    def linked(self, account_id: str, summary: Summary) -> Summary:
        """Give the attachments of a summary their links."""
        if not summary.attachments:
            return summary
        links = [replace(item, url=self.part_url(account_id, summary.id, item.part)) for item in summary.attachments]
        return replace(summary, attachments=tuple(links))


Info = strawberry.Info[Call, Any]
