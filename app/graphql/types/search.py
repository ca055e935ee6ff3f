"""What a search of an account found."""

from dataclasses import dataclass
from typing import Any

import strawberry

from app.domain.access import Scope
from app.domain.errors import FieldProblem, InvalidRequest
from app.domain.lookup import Sort, SortKey
from app.graphql.context import Info
from app.graphql.derive import choice, derived, enumeration, resolved
from app.graphql.scalars import Long
from app.graphql.selection import selection
from app.graphql.types.message import LIGHT, Message, MessageNode, wants_links
from app.graphql.types.paging import PageBeside, checked, connection, page_of
from app.graphql.types.problem import Problem, Trouble
from app.services.limits import SEARCH_CURSOR
from app.services.searches import SearchFailure as DomainSearchFailure
from app.services.searches import SearchPage, SearchRequest

SearchSort = enumeration(SortKey, "SearchSort")
SortedBy = choice(SearchPage, "sorted_by", "SortedBy", "Who sorted: the mail server, or the service.")


@derived(DomainSearchFailure, omit=("error",))
class SearchFailure:
    """A mailbox that could not be searched."""

    @resolved(Problem, "Why.")
    @staticmethod
    def problem(root: strawberry.Parent[DomainSearchFailure]) -> Trouble:
        """Tell why."""
        return Trouble.of(root.error)


SearchConnection = connection(
    Message,
    "A page of what a search found. `total` is told with the first page, where the mail server knows. "
    "`unsupportedTerms` are terms that the server could not run: the service looked at the messages itself, a bounded "
    "number a page, so that a page may be short or empty while `hasNextPage` is true. `failures` are mailboxes that "
    "could not be searched.",
    name="Search",
    more={
        "total": Long | None,
        "unsupported_terms": list[str],
        "failures": list[SearchFailure],
        "sorted_by": SortedBy,
    },
    has_every_cursor=False,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client looks for, as the arguments of the field say it."""

    query: str
    mailbox: str | None
    sort: Any
    is_descending: bool
    first: int
    after: str | None


async def search(info: Info, account_id: str, wanted: Wanted) -> PageBeside[MessageNode]:
    """Search an account; what is selected of the messages decides what is fetched of them."""
    call, chosen = info.context, selection(info)
    rows = [chosen.under("edges", "node"), chosen.under("nodes")]
    names = frozenset().union(*[row.names for row in rows])
    page = await call.at.searches.search(
        call.principal,
        account_id,
        SearchRequest(
            query=wanted.query,
            mailbox=wanted.mailbox,
            sort=None if wanted.sort is None else Sort(SortKey(wanted.sort.value), wanted.is_descending),
            limit=checked(wanted.first, wanted.after, SEARCH_CURSOR),
            cursor=wanted.after,
            with_preview="preview" in names,
            with_facts=not names <= LIGHT,
        ),
    )
    items = page.items
    if wants_links(rows) and call.may(Scope.MAIL_BODY_READ):
        items = tuple([call.linked(account_id, item) for item in items])
    nodes = [MessageNode(account_id, item.id, item) for item in items]
    return page_of(nodes, page.next, wanted.after, page)


def refuse_direction_without_sort(sort: object, *, is_descending: bool) -> None:
    """Raise InvalidRequest for a direction of nothing: the newest are first already."""
    if is_descending and sort is None:
        detail = "`descending` belongs to a `sort`; without one the newest are first."
        raise InvalidRequest(detail, [FieldProblem(detail, "/query/sort")])
