"""Relay pages: https://relay.dev/graphql/connections.htm, forwards alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from app.domain.errors import FieldProblem, InvalidRequest
from app.http.limits import MAX_PAGE, MAX_QUERY_TEXT

N = TypeVar("N")

First = Annotated[int, strawberry.argument(description=f"How many at most, up to {MAX_PAGE}.")]
After = Annotated[
    str | None,
    strawberry.argument(description="`endCursor` of the page before. Opaque; good for the same query alone."),
]


@strawberry.type
class PageInfo:
    """Where a page lies: `endCursor` is what the next page is asked for with."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(slots=True, eq=False)
class Edge(Generic[N]):
    """One of a page, while its fields are resolved."""

    node: N
    page: "Page[N]"
    index: int

    @property
    def cursor(self) -> str | None:
        """The cursor of the page that begins behind this one."""
        return self.page.cursor_at(self.index)


@dataclass(slots=True, eq=False)
class Page(Generic[N]):
    """A page while its fields are resolved: `following` is the cursor of the next, `is_first` when none is before it.

    `cursor_at` makes the cursor of one by its place, None where a page can only go on behind its last.
    """

    nodes: Sequence[N]
    following: str | None
    is_first: bool
    cursor_at: Callable[[int], str | None]

    @property
    def edges(self) -> list[Edge[N]]:
        """All with their cursors."""
        return [Edge(node, self, index) for index, node in enumerate(self.nodes)]

    @property
    def page_info(self) -> "Page[N]":
        """Where the page lies."""
        return self

    @property
    def has_next_page(self) -> bool:
        """Whether there is a next page."""
        return self.following is not None

    @property
    def has_previous_page(self) -> bool:
        """Whether a page lies before."""
        return not self.is_first

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first one."""
        return self.cursor_at(0) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last one: of the next page, if there is one."""
        return self.following or (self.cursor_at(len(self.nodes) - 1) if self.nodes else None)


def connection(
    node: type[Any],
    description: str,
    *,
    name: str | None = None,
    more: Mapping[str, Any] | None = None,
    has_every_cursor: bool = True,
) -> Any:
    """Make the types of pages of a type: its edge and its connection, with `more` fields of its own.

    Without `has_every_cursor` a page goes on behind its last alone, and the others have no cursor.
    """
    name = name or node.__name__
    cursor: Any = str if has_every_cursor else str | None
    about = "" if has_every_cursor else " `cursor` is told of the last, when more follow."
    edge: Any = strawberry.type(
        type(f"{name}Edge", (), {"__annotations__": {"cursor": cursor, "node": node}}),
        description=f"One {node.__name__.lower()} of a page.{about}",
    )
    fields: dict[str, Any] = {"edges": list[edge], "nodes": list[node], "page_info": PageInfo}  # type: ignore[valid-type]
    fields |= more or {}
    return strawberry.type(type(f"{name}Connection", (), {"__annotations__": fields}), description=description)


@dataclass(slots=True, eq=False)
class PageBeside(Page[N]):
    """A page with more to tell than its nodes: what `beside` has, read by attribute."""

    beside: Any

    def __getattr__(self, name: str) -> Any:
        """Read what is told beside the nodes."""
        return getattr(object.__getattribute__(self, "beside"), name)


def page_of(nodes: Sequence[N], following: str | None, after: str | None, beside: Any = None) -> PageBeside[N]:
    """Make a page that goes on behind its last alone, found with the cursor `after`."""
    last = len(nodes) - 1
    return PageBeside(nodes, following, after is None, lambda index: following if index == last else None, beside)


def checked(first: int, after: str | None, most: int = MAX_QUERY_TEXT) -> int:
    """Return how many to list. Raises InvalidRequest, as REST does for `limit` and `cursor`."""
    if not 1 <= first <= MAX_PAGE:
        detail = f"`first` is between 1 and {MAX_PAGE}."
        raise InvalidRequest(detail, [FieldProblem(detail, "/query/limit")])
    if after is not None and len(after) > most:
        detail = "This is not a cursor."
        raise InvalidRequest(detail, [FieldProblem(detail, "/query/cursor")])
    return first
