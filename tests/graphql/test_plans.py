"""Plain selections written by functions say what graphql-core's own way says, whatever is selected."""

from typing import Any

from graphql import ExecutionResult, GraphQLList, GraphQLObjectType, get_named_type, parse
from graphql.execution import Executor
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.ids import MessageKey, Uid, mailbox_id, message_id
from app.domain.message import Address, Attachment, ListMarker, Summary
from app.graphql.executor import PlanningExecutor
from app.graphql.plans import NotPlain, plain_path
from app.graphql.schema import build, core
from app.graphql.types.message import MessageNode
from app.graphql.types.paging import Page

SCHEMA = core(build())
CONNECTION = SCHEMA.type_map["MessageConnection"]


def _summary(number: int) -> Summary:
    people = (Address("Ana", f"ana{number}@example.org"), Address(None, None))
    files = (Attachment("2", "a.pdf", "application/pdf", 5, None, False, None),) if number % 2 else ()
    marker = ListMarker("list.example.org", ("https://example.org/u",), True) if number % 3 else None
    reference = message_id(MessageKey(7, 1, Uid(number + 1)))
    return Summary(
        reference, mailbox_id(7), None, None, f"{number}@x", (), ("r@x",), people, (), (), (), f"Subject {number}",
        None, "2026-01-01T00:00:00Z", 2**40, ("seen",), bool(files), files, marker, "hello", (),
    )  # fmt: skip


def _page() -> Page[MessageNode]:
    nodes = [MessageNode("acc_1", item.id, item) for item in map(_summary, range(5))]
    return Page(nodes, "next", True, lambda index: f"cursor{index}")


def _plain(kind: GraphQLObjectType) -> list[str]:
    names = ["__typename"]
    for name, field in kind.fields.items():
        try:
            plain_path(field)
        except NotPlain:
            continue
        names.append(name)
    return names


@st.composite
def selections(draw: st.DrawFn, kind: Any = CONNECTION, level: int = 0) -> str:
    names = draw(st.lists(st.sampled_from(_plain(kind)), min_size=1, max_size=6))
    parts = []
    for place, name in enumerate(names):
        alias = f"x{level}{place}: " if draw(st.booleans()) else ""
        if not alias and name in names[:place]:
            continue
        inner = get_named_type(kind.fields[name].type) if name != "__typename" else None
        below = draw(selections(inner, level + 1)) if isinstance(inner, GraphQLObjectType) else ""
        gate = draw(st.sampled_from(["", " @include(if: $yes)", " @skip(if: $yes)"]))
        part = f"{alias}{name}{gate}{below}"
        parts.append(f"... on {kind.name} {{ {part} }}" if draw(st.integers(0, 4)) == 0 else part)
    return " { " + " ".join(parts or ["__typename"]) + " }"


class _Slow(Executor[Any]):
    """graphql-core as it is."""


async def _run(executor: type[Executor[Any]], text: str) -> Any:
    made = executor.build(
        SCHEMA, parse(text), context_value=_Context(), raw_variable_values={"yes": True}, operation_name=None
    )
    assert isinstance(made, Executor), made
    result: Any = made.execute_operation()
    result = result if isinstance(result, ExecutionResult) else await result
    assert result.errors is None, result.errors
    return result.data


class _Context:
    """Answers one page, whatever is asked."""

    def __init__(self) -> None:
        self.at = self
        self.messages = self
        self.principal = None

    async def account_id(self, _: str) -> str:
        return "acc_1"

    def may(self, _: object) -> bool:
        return False

    async def page(self, *_: object, **__: object) -> Any:
        class _Found:
            items = tuple(map(_summary, range(5)))
            next = "next"

        return _Found()


@settings(deadline=None)
@given(selections())
async def test_a_written_row_is_the_resolved_row(selection: str) -> None:
    text = f'query($yes: Boolean!) {{ n: __typename @include(if: $yes) account(id: "acc_1") {{ mailbox(id: "inbox") {{ messages{selection} }} }} }}'  # noqa: E501
    if "cursor" in selection or "Cursor" in selection:
        return  # made of real ids and pages; tests of reading have them
    assert _json(await _run(PlanningExecutor, text)) == _json(await _run(_Slow, text))


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, _json(item)) for key, item in value.items()]
    return [_json(item) for item in value] if isinstance(value, list | tuple) else value


def test_pages_are_plain() -> None:
    assert isinstance(CONNECTION, GraphQLObjectType)
    assert isinstance(GraphQLList, type)
    assert set(_plain(CONNECTION)) == {"__typename", "edges", "nodes", "pageInfo"}
