"""What became of changes: an outcome for each message, and the answers of mutations."""

from dataclasses import dataclass
from typing import Any

import strawberry

from app.domain.edits import BatchReport, EditedMessage, ItemState
from app.domain.ids import MailboxId, MessageId
from app.graphql.derive import derived
from app.graphql.scalars import Long
from app.graphql.types.problem import Trouble


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message, as JSON has it."""

    id: MessageId
    state: ItemState
    flags: tuple[str, ...] | None
    moved_to: MessageId | None
    mailbox_id: MailboxId | None
    version: str | None
    problem: Trouble | None


@derived(Outcome)
class MessageResult:
    """What became of one message. `flags` and `version` are told after a change of flags; `movedTo` is the id of the
    message or of its copy in the other mailbox, null where the mail server does not tell. `problem` says why not.
    """


@strawberry.type(
    description="A result for each message, in the order asked; of a filter newest first. `done` counts those that "
    "are. `hasMore` tells that more match the filter than one call takes: repeat it for them."
)
class MessagesPayload:
    """The answer of a change of messages."""

    results: list[MessageResult]
    done: Long
    has_more: bool
    client_mutation_id: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """The same while its fields are resolved."""

    results: tuple[Outcome, ...]
    done: int
    has_more: bool
    client_mutation_id: str | None

    @classmethod
    def of(cls, report: BatchReport, client_mutation_id: str | None) -> "Done":
        """Tell of a batch; an error is written once, however many messages have it."""
        told: dict[int, Trouble] = {}

        def outcome(item: EditedMessage) -> Outcome:
            error = item.error
            if error is not None and id(error) not in told:
                told[id(error)] = Trouble.of(error)
            why = None if error is None else told[id(error)]
            return Outcome(item.id, item.state, item.flags, item.moved_to, item.mailbox_id, item.version, why)

        done = sum([item.state is ItemState.DONE for item in report.items])
        return cls(tuple([outcome(item) for item in report.items]), done, report.has_more, client_mutation_id)


@strawberry.type(description="A message that was stored; `id` is null where the mail server does not tell it.")
class StoredPayload:
    """The answer of storing a message. `size` is bytes."""

    id: strawberry.ID | None
    mailbox_id: strawberry.ID
    size: Long
    client_mutation_id: str | None


@strawberry.type(description="What was deleted.")
class DeletedPayload:
    """The answer of a deletion."""

    ids: list[strawberry.ID]
    client_mutation_id: str | None = None


def deleted(ids: Any, client_mutation_id: str | None = None) -> DeletedPayload:
    """Tell what was deleted."""
    return DeletedPayload(ids=list(ids), client_mutation_id=client_mutation_id)
