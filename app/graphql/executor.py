"""graphql-core's execution, with plain selections written by functions made of them."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path

from app.graphql.plans import NotPlain, Write, row_writer


class PlanningExecutor(Executor[Any]):
    """Executes one operation."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """Take what graphql-core gives."""
        super().__init__(*given, **named)
        self._writers: dict[tuple[str, int], tuple[FieldDetailsList, Write | None]] = {}

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Write a plain object at once."""
        write = self._writer(return_type, field_details_list)
        if write is not None:
            row: dict[str, Any] = write(result)
            return row
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """Write plain objects one after the other; they are never null and never awaited."""
        item = return_type.of_type
        if isinstance(item, GraphQLNonNull) and isinstance(item.of_type, GraphQLObjectType):
            write = self._writer(item.of_type, field_details_list)
            if write is not None:
                return [write(one) for one in result]
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def _writer(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Write | None:
        key = (kind.name, id(details))
        known = self._writers.get(key)
        if known is not None:
            return known[1]
        try:
            write: Write | None = row_writer(kind, self._collected(kind, details), self._collected)
        except NotPlain:
            write = None
        self._writers[key] = (details, write)  # with the list, so that its id is not taken by another
        return write

    def _collected(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Mapping[str, FieldDetailsList]:
        return self.collect_subfields(kind, details).grouped_field_set
