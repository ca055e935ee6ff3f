"""What is wrong with a body, found by its model, in our words."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from app.domain.errors import FieldProblem, InvalidRequest

#: The fields of bodies whose type is chosen by a tag.
_TAGGED = ("auth", "action")
#: Findings told of one request.
_MOST = 50


def refusal(found: Iterable[Mapping[str, Any]]) -> InvalidRequest:
    """Turn a model's findings (Pydantic's `errors()`) into ours, with JSON Pointers; values are never repeated.

    `loc` begins with where: `body`, or `query`, `path`, `header`.
    """
    problems: list[FieldProblem] = []
    for item in islice(found, _MOST):
        where, *rest = item["loc"] or ("body",)
        if item["type"] == "json_invalid":
            rest = []  # the framework names a position in the text there
        # Pydantic puts the chosen type between a tagged union and its fields; the body has no such step.
        steps = [_step(step) for before, step in zip(["", *rest], rest, strict=False) if before not in _TAGGED]
        prefix = "" if where == "body" else f"/{where}"
        pointer = prefix + "".join(f"/{step}" for step in steps)
        problems.append(FieldProblem(_sentence(item["type"], item["msg"]), pointer))
    return InvalidRequest("The request is not valid; `errors` says where.", problems)


def _step(step: object) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _sentence(kind: str, message: str) -> str:
    if kind == "json_invalid":
        return "The body is not valid JSON."
    return message.removeprefix("Value error, ")
