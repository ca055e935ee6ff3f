"""Scalars of the schema beyond GraphQL's own."""

from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

#: A point in time as ISO 8601 text; the domain has it in this form already.
DateTime = NewType("DateTime", str)
#: Sizes and counts that a mail server tells: RFC 9051 allows 63 bits, GraphQL's Int has 32.
Long = NewType("Long", int)

_LARGEST = 2**53 - 1


def _read_long(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
        raise GraphQLError("A Long is an integer of at most 53 bits.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A point in time, ISO 8601 with offset.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=str,
        parse_value=str,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="An integer of at most 53 bits, which every JSON reader keeps whole.",
        serialize=int,
        parse_value=_read_long,
    ),
}
