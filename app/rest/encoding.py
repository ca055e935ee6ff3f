"""Domain values to JSON: frozen dataclasses straight to bytes, `from_` written as `from`.

Python keeps `from` for itself, JSON does not; a trailing underscore falls here and in the OpenAPI alike.
"""

from collections.abc import Collection
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()


#: Field names by type, Python's beside JSON's.
_known: dict[type, tuple[tuple[str, str], ...]] = {}


def _names(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    found = _known.get(kind)
    if found is None:
        found = _known[kind] = tuple((field.name, field.name.rstrip("_")) for field in fields(kind))
    return found


def _needs_renaming(kind: type[Any]) -> bool:
    return any(name != key for name, key in _names(kind))


def to_builtins(value: Any, only: Collection[str] | None = None) -> Any:
    """Turn the outermost dataclass into a dict of the fields in `only` (JSON names); the encoder does the rest."""
    return {key: getattr(value, name) for name, key in _names(type(value)) if only is None or key in only}


def encode(value: object) -> bytes:
    """Write a value as JSON."""
    return _encoder.encode(_renamed(value))


def encode_page(items: Collection[Any], following: str | None, only: Collection[str] | None = None) -> bytes:
    """Write `{"items": […], "next": …}`; `only` selects fields of each item."""
    rows = [to_builtins(item, only) if only or _needs_renaming(type(item)) else item for item in items]
    return _encoder.encode({"items": rows, "next": following})


def _renamed(value: Any) -> Any:
    """Rename at the top only: no domain value nests one that needs it."""
    if is_dataclass(value) and not isinstance(value, type) and _needs_renaming(type(value)):
        return to_builtins(value)
    return value
