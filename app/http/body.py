"""What every request body is held to. Unknown fields are refused: a misspelt one must not be lost silently."""

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from app.http.limits import MAX_FIELDS


def few_fields(given: object) -> object:
    """Refuse an object of very many fields in one finding: telling of each of 90,000 takes a second."""
    if isinstance(given, dict) and len(given) > MAX_FIELDS:
        raise PydanticCustomError("too_many_fields", "At most {most} fields.", {"most": MAX_FIELDS})
    return given


class Body(BaseModel):
    """A JSON object with the fields of its class alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, given: object) -> object:
        return few_fields(given)
