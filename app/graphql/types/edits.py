"""What became of changes: an outcome for each message, and the answers of mutations."""

from dataclasses import dataclass
from typing import Any

import strawberry

from app.domain import edits
from app.domain.errors import MailhatchError
from app.graphql.derive import derived, resolved
from app.graphql.errors import described


@strawberry.type(description="Why something was not done: the same code as in `extensions.code`.")
class Problem:
    """One problem."""

    code: str
    detail: str
    blame: str
    retryable: bool
    moved_to: strawberry.ID | None


def problem_of(error: MailhatchError) -> Problem:
    """Write an error as a value."""
    told = described(error)
    return Problem(
        code=told["code"],
        detail=error.detail,
        blame=told["blame"],
        retryable=told["retryable"],
        moved_to=told.get("movedTo"),
    )


@derived(edits.EditedMessage, omit=("error",))
class MessageResult:
    """What became of one message. `flags` and `version` are told after a change of flags; `movedTo` is the id of the
    message or of its copy in the other mailbox, null where the mail server does not tell. `problem` says why not.
    """

    @resolved(Problem | None, "Why it was not done.")
    @staticmethod
    def problem(root: strawberry.Parent[edits.EditedMessage]) -> Problem | None:
        """Tell why."""
        return None if root.error is None else problem_of(root.error)


@strawberry.type(description="A result for each message, in the order asked.")
class MessagesPayload:
    """The answer of a change of messages."""

    results: list[MessageResult]
    client_mutation_id: str | None


@dataclass(slots=True)
class Done:
    """The same while its fields are resolved."""

    results: tuple[edits.EditedMessage, ...]
    client_mutation_id: str | None


@strawberry.type(description="What was deleted.")
class DeletedPayload:
    """The answer of a deletion."""

    ids: list[strawberry.ID]
    client_mutation_id: str | None = None


def deleted(ids: Any, client_mutation_id: str | None = None) -> DeletedPayload:
    """Tell what was deleted."""
    return DeletedPayload(ids=list(ids), client_mutation_id=client_mutation_id)
