"""Selections made into functions: how values whose fields are read by attribute become rows of an answer.

graphql-core resolves each field of each row by itself, which costs 15 µs a field. Where all fields of a selection are
plain (no resolver, no argument), the selection says everything: it is made into a function once, and each row is one
call of it. What is answered is the same, and a test holds it against graphql-core's own way.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
)
from graphql.execution.collect_fields import FieldDetailsList

#: Makes the JSON value of a domain value; None where the value is its JSON already.
Write = Callable[[Any], Any]
#: Collects what is selected below fields of a type, by the name it is answered under.
Collect = Callable[[GraphQLObjectType, FieldDetailsList], Mapping[str, FieldDetailsList]]


class NotPlain(Exception):
    """Something below is resolved by a function."""


def row_writer(kind: GraphQLObjectType, selected: Mapping[str, FieldDetailsList], collect: Collect) -> Write:
    """Make the function that writes objects of a type. Raises NotPlain."""
    keys: list[str] = []
    paths: list[str] = []
    further: list[tuple[str, Write]] = []
    constant: dict[str, Any] = {}
    for key, details in selected.items():
        name = details[0].node.name.value
        constant[key] = kind.name  # keeps the place of `__typename` among the others
        if name == "__typename":
            continue
        field = kind.fields.get(name)
        if field is None:
            raise NotPlain
        keys.append(key)
        paths.append(plain_path(field))
        write = _value_writer(field.type, details, collect)
        if write is not None:
            further.append((key, write))
    if not paths:
        return lambda _: dict(constant)
    read = _reader(paths)
    if len(keys) == len(constant):
        return _rows(keys, read, further)
    rows = _rows(keys, read, further)
    return lambda value: constant | rows(value)


def _rows(keys: list[str], read: Callable[[Any], tuple[Any, ...]], further: list[tuple[str, Write]]) -> Write:
    if not further:
        return lambda value: dict(zip(keys, read(value), strict=False))

    def write(value: Any) -> dict[str, Any]:
        row = dict(zip(keys, read(value), strict=False))
        for key, make in further:
            row[key] = make(row[key])
        return row

    return write


def _reader(paths: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(paths) == 1:
        first = attrgetter(paths[0])
        return lambda value: (first(value),)
    return attrgetter(*paths)


def plain_path(field: GraphQLField) -> str:
    """Return the attribute that a field is read by. Raises NotPlain when a function resolves it."""
    definition = field.extensions.get("strawberry-definition")
    if definition is None or definition.base_resolver is not None or field.args:
        raise NotPlain
    path: str = definition.metadata.get("path", definition.python_name)
    return path


def _value_writer(kind: GraphQLOutputType, details: FieldDetailsList, collect: Collect) -> Write | None:
    if isinstance(kind, GraphQLNonNull):
        return _present_writer(kind.of_type, details, collect)
    write = _present_writer(kind, details, collect)
    if write is None:
        return None
    return lambda value: None if value is None else write(value)


def _present_writer(kind: Any, details: FieldDetailsList, collect: Collect) -> Write | None:
    if isinstance(kind, GraphQLScalarType):
        return None
    if isinstance(kind, GraphQLEnumType):
        names = {item.value: name for name, item in kind.values.items()}
        return names.__getitem__
    if isinstance(kind, GraphQLList):
        write = _value_writer(kind.of_type, details, collect)
        return list if write is None else (lambda values: [write(value) for value in values])
    if isinstance(kind, GraphQLObjectType):
        return row_writer(kind, collect(kind, details), collect)
    raise NotPlain
