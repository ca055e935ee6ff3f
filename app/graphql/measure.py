"""How large a document is, before it is validated: validation itself can be made to take long."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from app.domain.errors import InvalidRequest
from app.graphql import limits


@dataclass(slots=True)
class _Size:
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0


def check_size(document: DocumentNode) -> None:
    """Hold the operations of a document, fragments opened, to the bounds. Raises InvalidRequest.

    Validation looks at every definition, so fragments that nothing spreads are held to the last bound as well.
    """
    fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
    measured: dict[str, _Size | None] = {}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            size = _of_selections(operation.selection_set, fragments, measured)
            size.directives += len(operation.directives or ())
            _refuse("levels", size.depth, limits.MAX_DEPTH)
            _refuse("fields", size.fields, limits.MAX_FIELDS)
            _refuse("aliases", size.aliases, limits.MAX_ALIASES)
            _refuse("directives", size.directives, limits.MAX_DIRECTIVES)
            _refuse("variables", len(operation.variable_definitions or ()), limits.MAX_VARIABLES)
    pairs = _Pairs(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            pairs.count([definition.selection_set])


def _refuse(what: str, found: int, most: int) -> None:
    if found > most:
        raise InvalidRequest(
            f"The operation has {found if found < 10**6 else 'millions of'} {what}; {most} are allowed."
        )


def _of_selections(
    selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], measured: dict[str, _Size | None]
) -> _Size:
    size = _Size()
    for item in selections.selections:
        size.directives += len(item.directives or ())
        if isinstance(item, FieldNode):
            size.fields += 1
            size.aliases += item.alias is not None
            below = _of_selections(item.selection_set, fragments, measured) if item.selection_set else _Size()
            below.depth += 1
        elif isinstance(item, InlineFragmentNode):
            below = _of_selections(item.selection_set, fragments, measured)
        else:
            assert isinstance(item, FragmentSpreadNode)
            below = _of_fragment(item.name.value, fragments, measured)
        size.depth = max(size.depth, below.depth)
        size.fields += below.fields
        size.aliases += below.aliases
        size.directives += below.directives
    return size


def _of_fragment(name: str, fragments: dict[str, FragmentDefinitionNode], measured: dict[str, _Size | None]) -> _Size:
    """Measure each fragment once; one that is unknown or contains itself is left to validation, which refuses it."""
    if name not in fragments or (name in measured and measured[name] is None):
        return _Size()
    known = measured.get(name)
    if known is None:
        measured[name] = None
        known = measured[name] = _of_selections(fragments[name].selection_set, fragments, measured)
        known.directives += len(fragments[name].directives or ())
    return known


class _Pairs:
    """Counts what validation compares, each with each (GraphQL section 5.3.2): fields of one name in one place, and
    fragments spread there.
    """

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._pairs = 0
        self._looked_at = 0

    def count(self, together: list[SelectionSetNode], depth: int = 1) -> None:
        """Count the pairs of selections that are made into one, and of all below. Raises InvalidRequest."""
        _refuse("levels", depth, limits.MAX_DEPTH)
        fields: dict[str, int] = {}
        below: dict[str, list[SelectionSetNode]] = {}
        spread: set[str] = set()
        pending = list(together)
        while pending:
            for item in pending.pop().selections:
                self._looked_at += 1
                _refuse("fields", self._looked_at, limits.MAX_OPENED)
                if isinstance(item, FieldNode):
                    name = (item.alias or item.name).value
                    self._add(fields.get(name, 0))
                    fields[name] = fields.get(name, 0) + 1
                    if item.selection_set:
                        below.setdefault(name, []).append(item.selection_set)
                elif isinstance(item, InlineFragmentNode):
                    pending.append(item.selection_set)
                else:
                    assert isinstance(item, FragmentSpreadNode)
                    if item.name.value in self._fragments and item.name.value not in spread:
                        self._add(len(spread))
                        spread.add(item.name.value)
                        pending.append(self._fragments[item.name.value].selection_set)
        for selections in below.values():
            self.count(selections, depth + 1)

    def _add(self, pairs: int) -> None:
        self._pairs += pairs
        _refuse("fields that are selected again", self._pairs, limits.MAX_PAIRS)
