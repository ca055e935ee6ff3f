"""GraphQL types made from domain dataclasses, so that no entity is written again."""

import enum
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

import strawberry

from app.graphql.scalars import DateTime, Long

_T = TypeVar("_T", bound=type[Any])
_F = TypeVar("_F", bound=Callable[..., Any])

#: GraphQL type of a domain type; grows with each `derived`, so those that are parts of others come first.
_known: dict[Any, Any] = {str: str, bool: bool, float: float, int: Long}
_enums: dict[Any, Any] = {}


def derived(
    domain: type[Any],
    *,
    name: str | None = None,
    via: str | None = None,
    omit: Sequence[str] = (),
    times: Sequence[str] = (),
    small: Sequence[str] = (),
) -> Callable[[_T], _T]:
    """Make a GraphQL type of a domain dataclass: all its fields but those in `omit`, under their names in camelCase.

    What the decorated class declares itself comes on top and wins. Values are read by attribute, under the attribute
    `via` of the source if given. Fields in `times` hold ISO 8601 text, those in
    `small` numbers that we bound ourselves. Names ending in `id` are `ID`.
    """

    def make(cls: _T) -> _T:
        hints = get_type_hints(domain)
        annotations: dict[str, Any] = {}
        for field in fields(domain):
            if field.name in omit or field.name in cls.__dict__ or field.name in inspect.get_annotations(cls):
                continue
            kind = _is_id(field.name, hints[field.name]) or _graphql(hints[field.name], field.name in times)
            kind = int if field.name in small else kind
            annotations[field.name] = kind
            path = field.name if via is None else f"{via}.{field.name}"
            made = strawberry.field(name=_camel(field.name), metadata={"path": path})
            setattr(cls, field.name, made)
        cls.__annotations__ = annotations | inspect.get_annotations(cls)
        about = " ".join((cls.__doc__ or domain.__doc__ or "").split())
        result: _T = strawberry.type(cls, name=name or cls.__name__, description=about)
        _known[domain] = result
        return result

    return make


def resolved(kind: Any, description: str, deprecation_reason: str | None = None) -> Callable[[_F], _F]:
    """Declare a field that a function resolves: its type in the schema, whatever the function answers it with."""
    made: Callable[[_F], _F] = strawberry.field(
        graphql_type=kind, description=description, deprecation_reason=deprecation_reason
    )
    return made


def derive(domain: type[Any], **options: Any) -> Any:
    """Make a GraphQL type with nothing but the fields of a domain dataclass."""
    return derived(domain, **options)(type(domain.__name__, (), {"__doc__": domain.__doc__, "__annotations__": {}}))


def enumeration(kind: type[enum.StrEnum], name: str | None = None) -> Any:
    """Make a GraphQL enum of a domain enum: its names are the members' names, `INBOX` for `inbox`."""
    if kind not in _enums:
        values = {item.name: item.value for item in kind}
        _enums[kind] = _known[kind] = _enum(name or kind.__name__, values, " ".join((kind.__doc__ or "").split()))
    return _enums[kind]


def choice(domain: type[Any], field: str, name: str, description: str) -> Any:
    """Make a GraphQL enum of a field's `Literal`: `MADE_FROM_HTML` for `"made_from_html"`. Return it, or it or null."""
    hint = get_type_hints(domain)[field]
    literals = [item for item in get_args(hint) if get_origin(item) is Literal] or [hint]
    values = get_args(literals[0])
    made = _known[literals[0]] = _enum(name, {value.upper(): value for value in values}, description)
    return made if literals[0] is hint else made | None


def _enum(name: str, values: dict[str, str], description: str) -> Any:
    made: Any = enum.Enum(name, values)  # type: ignore[misc]  # made at run time
    return strawberry.enum(made, description=description)


def _is_id(name: str, hint: Any) -> Any:
    if name != "id" and not name.endswith("_id"):
        return None
    if isinstance(hint, NewType):
        return strawberry.ID
    return strawberry.ID | None if any(isinstance(item, NewType) for item in get_args(hint)) else None


def _graphql(hint: Any, is_time: bool) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _known and not is_time:
        return _known[hint]
    if isinstance(hint, NewType):
        return strawberry.ID
    if origin in {Union, types.UnionType}:
        (kind,) = [item for item in inner if item is not type(None)]
        return _graphql(kind, is_time) | None
    if origin in {tuple, list}:
        return list[_graphql(inner[0], is_time)]  # type: ignore[misc]  # a type made at run time
    if hint is str and is_time:
        return DateTime
    if isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        return enumeration(hint)
    if origin in {Literal, Mapping} or hint not in _known:
        raise TypeError(f"No GraphQL type is known for {hint}.")
    return _known[hint]


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
