"""Answers to what changes mail."""

from dataclasses import dataclass, fields

from starlette.types import Scope

from app.domain.edits import BatchReport, EditedMessage, ItemState
from app.domain.mailbox import Mailbox
from app.rest.problems import STATUS, problem_body
from app.rest.views import ProblemView


@dataclass(frozen=True, slots=True)
class FlaggedMessageView:
    """A message after a change of its flags: `flags` are all it has now, null where the mail server did not tell."""

    id: str
    flags: list[str] | None
    client_mutation_id: str | None


@dataclass(frozen=True, slots=True)
class MovedMessageView:
    """A message after a move, a copy or a deletion.

    `moved_to` is its new id (of a copy: the copy's) in the mailbox `mailbox_id`; null where the mail server does not
    tell, where it stayed, and after it was removed for good.
    """

    id: str
    moved_to: str | None
    mailbox_id: str | None
    client_mutation_id: str | None


@dataclass(frozen=True, slots=True)
class EditedItemView:
    """What became of one message of a batch. `status` is what it would have had alone.

    `state` is `done`; `gone` when it was no longer there; `failed`, `problem` says why; or `unknown` when the
    connection was lost while the mail server had the command. `flags` are told after a change of flags.
    """

    id: str
    state: ItemState
    status: int
    flags: list[str] | None
    moved_to: str | None
    problem: ProblemView | None


@dataclass(frozen=True, slots=True)
class MessageBatchView:
    """What became of every message, in the order asked; of a filter newest first.

    `done` counts those that are. `has_more` tells that more match the filter than one call takes: repeat it for them.
    """

    items: list[EditedItemView]
    done: int
    has_more: bool
    client_mutation_id: str | None


@dataclass(frozen=True, slots=True)
class EditedMailboxView(Mailbox):
    """A mailbox after it was made or changed."""

    client_mutation_id: str | None

    @classmethod
    def of(cls, mailbox: Mailbox, client_mutation_id: str | None) -> "EditedMailboxView":
        """Show a mailbox."""
        values = {each.name: getattr(mailbox, each.name) for each in fields(mailbox)}
        return cls(**values, client_mutation_id=client_mutation_id)


@dataclass(frozen=True, slots=True)
class StoredMessageView:
    """A message that was stored; `id` is null where the mail server does not tell it. `size` is bytes."""

    id: str | None
    mailbox_id: str
    size: int
    client_mutation_id: str | None


@dataclass(frozen=True, slots=True)
class DeletedMailboxesView:
    """Ids of the mailboxes that were deleted, the one that was named first."""

    ids: list[str]
    client_mutation_id: str | None


def batch_answer(report: BatchReport, scope: Scope, client_mutation_id: str | None) -> dict[str, object]:
    """Spell a batch as JSON values; a problem is told once, however many messages have it."""
    told: dict[int, dict[str, object]] = {}

    def item(each: EditedMessage) -> dict[str, object]:
        error = each.error
        if error is not None and id(error) not in told:
            told[id(error)] = problem_body(error, scope)
        return {
            "id": each.id,
            "state": each.state,
            "status": 200 if error is None else STATUS[type(error)],
            "flags": each.flags,
            "moved_to": each.moved_to,
            "problem": None if error is None else told[id(error)],
        }

    return {
        "items": [item(each) for each in report.items],
        "done": sum(each.state is ItemState.DONE for each in report.items),
        "has_more": report.has_more,
        "client_mutation_id": client_mutation_id,
    }
