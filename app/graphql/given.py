"""Inputs of mutations, held to what the bodies of REST are held to: the same bounds, the same findings."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import strawberry
from pydantic import ValidationError

from app.domain.errors import FieldProblem, InvalidRequest
from app.http.body import Body
from app.http.findings import refusal

_B = TypeVar("_B", bound=Body)


def given(value: Any) -> Any:
    """Write an input as the JSON object that REST takes; what was left out is left out."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if getattr(value, field.name) is not strawberry.UNSET]
        return {name: given(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    return [given(item) for item in value] if isinstance(value, list) else value


def read(model: type[_B], body: Mapping[str, Any]) -> _B:
    """Read a body. Raises InvalidRequest with JSON Pointers into it."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    raise refusal({**item, "loc": ("body", *item["loc"])} for item in found)


def read_time(text: str | None, pointer: str) -> datetime | None:
    """Read a time. Raises InvalidRequest."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        detail = "A time is ISO 8601 with offset, such as 2026-11-24T09:00:00+01:00."
        raise InvalidRequest(detail, [FieldProblem(detail, pointer)]) from None
