"""What an operation may cost: page sizes multiplied on the way down, and what has to be asked of a mail server.

The unit is about one object of the answer. The figure is an upper bound, worked out before execution, and told in the
answer's `extensions`, so that a client can see how near to the limit it is.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from app.graphql.limits import MAX_NODES
from app.http.limits import DEFAULT_PAGE, MAX_PAGE
from app.services.limits import THREAD_MESSAGES

#: Beyond 1 for an object and 0 for a value: round trips, bytes to fetch, HTML to clean.
_WEIGHTS = {
    "Account.mailboxes": 20,
    "Account.capabilities": 5,
    "Account.message": 5,
    "Account.search": 20,
    "Account.thread": 10,
    "Mailbox.messages": 5,
    "Mailbox.threads": 10,
    "Message.body": 10,
    "Message.headers": 3,
    "Message.structure": 3,
    "Message.preview": 1,
    "Query.__schema": 50,
    "Query.__type": 10,
}
#: How many a list without an argument for it may have.
_LENGTHS = {"ThreadMessages.items": THREAD_MESSAGES}
#: A change of mail or of an account.
_MUTATION = 10


def cost_of(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> int:
    """Work out the cost of a valid operation."""
    root = schema.get_root_type(operation.operation)
    assert root is not None
    base = _MUTATION * len(operation.selection_set.selections) if operation.operation is OperationType.MUTATION else 0
    return base + _Costs(schema, fragments, variables).of(operation.selection_set, root)


class _Costs:
    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[str, int] = {}

    def of(self, selections: SelectionSetNode, kind: Any) -> int:
        total = 0
        for item in selections.selections:
            if isinstance(item, FieldNode):
                total += self._of_field(item, kind)
            elif isinstance(item, InlineFragmentNode):
                condition = item.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else kind
                total += self.of(item.selection_set, inner)
            elif isinstance(item, FragmentSpreadNode):
                total += self._of_fragment(item.name.value)
        return total

    def _of_fragment(self, name: str) -> int:
        if name not in self._known:
            fragment = self._fragments[name]
            self._known[name] = self.of(
                fragment.selection_set, self._schema.get_type(fragment.type_condition.name.value)
            )
        return self._known[name]

    def _of_field(self, node: FieldNode, kind: Any) -> int:
        field = self._schema.get_field(kind, node.name.value) if isinstance(kind, GraphQLObjectType) else None
        field = field or getattr(kind, "fields", {}).get(node.name.value)
        weight = _WEIGHTS.get(f"{kind.name}.{node.name.value}", 0)
        if field is None:
            return weight
        inner = get_named_type(field.type)
        if not is_composite_type(inner) or node.selection_set is None or inner.name.startswith("__"):
            return weight
        times = _LENGTHS.get(f"{kind.name}.{node.name.value}") or self._times(node, field.args)
        return 1 + weight + times * self.of(node.selection_set, inner)

    def _times(self, node: FieldNode, args: Mapping[str, Any]) -> int:
        given = {item.name.value: item.value for item in node.arguments or ()}
        if "first" in args:
            return self._number(given.get("first"))
        if "ids" in args:
            return self._length(given.get("ids"))
        return 1

    def _number(self, value: ValueNode | None) -> int:
        """Read `first`; what is out of bounds is refused later and costs the most here."""
        if isinstance(value, IntValueNode):
            number: Any = int(value.value)
        elif isinstance(value, VariableNode):
            number = self._variables.get(value.name.value, DEFAULT_PAGE)
        else:
            number = DEFAULT_PAGE
        return number if isinstance(number, int) and 0 < number <= MAX_PAGE else MAX_PAGE

    def _length(self, value: ValueNode | None) -> int:
        if isinstance(value, ListValueNode):
            return min(len(value.values), MAX_NODES)
        if isinstance(value, VariableNode):
            given = self._variables.get(value.name.value)
            return min(len(given), MAX_NODES) if isinstance(given, list) else 1
        return 1
