"""What is to be done, where; and what became of it, in a client's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.domain.access import Principal
from app.domain.account import Account
from app.domain.edits import Action, EditedMessage, FlagOutcome, ItemState, MoveReport
from app.domain.errors import MailhatchError, OutcomeUnknown, PreconditionFailed, StaleReference
from app.domain.ids import MessageKey, Uid, mailbox_id, message_id, message_ids
from app.domain.ports import MailboxRow
from app.services.version import write_version

_GONE = "The message is no longer there."
_CHANGED = "The message was changed since you have seen it; read it again."
_UNKNOWN = "The connection was lost while the mail server had the command; look what became of the message."


@dataclass(frozen=True, slots=True)
class Order:
    """Somebody wants something done: on which account, what; `target` is the mailbox of a move or copy."""

    principal: Principal
    account: Account
    action: Action
    target: MailboxRow | None
    client_mutation_id: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox that messages are in, and the UIDVALIDITY of their ids."""

    row: int
    name: str
    uidvalidity: int

    def key(self, uid: Uid) -> MessageKey:
        """What the id of a message here stands for."""
        return MessageKey(self.row, self.uidvalidity, uid)


def flagged(place: Place, outcomes: Sequence[FlagOutcome]) -> tuple[EditedMessage, ...]:
    """Tell what became of messages whose flags were to change."""
    box = mailbox_id(place.row)
    ids = message_ids(place.row, place.uidvalidity, [outcome.uid for outcome in outcomes])
    return tuple(
        [
            EditedMessage(
                id=reference,
                state=outcome.state,
                flags=outcome.flags,
                mailbox_id=box,
                version=None if outcome.flags is None else write_version(reference, outcome.flags, outcome.modseq),
                error=_error(outcome.state, outcome.error),
            )
            for reference, outcome in zip(ids, outcomes, strict=True)
        ]
    )


def relocated(place: Place, target: MailboxRow | None, report: MoveReport) -> dict[MessageKey, EditedMessage]:
    """Tell what became of messages that were to be moved, copied or removed (without a target), by old key."""
    result = {}
    for outcome in report.items:
        old = place.key(outcome.uid)
        new = None
        if target is not None and report.uidvalidity is not None and outcome.target is not None:
            new = message_id(MessageKey(target.row, report.uidvalidity, outcome.target))
        result[old] = EditedMessage(
            id=message_id(old),
            state=outcome.state,
            moved_to=new if outcome.state is ItemState.DONE else None,
            mailbox_id=None if target is None else mailbox_id(target.row),
            error=_error(outcome.state, outcome.error),
        )
    return result


def refused(keys: Iterable[MessageKey], error: MailhatchError) -> tuple[EditedMessage, ...]:
    """Tell that none of these was touched, and why."""
    state = ItemState.GONE if isinstance(error, StaleReference) else ItemState.FAILED
    return tuple(EditedMessage(id=message_id(key), state=state, error=error) for key in keys)


def _error(state: ItemState, error: MailhatchError | None) -> MailhatchError | None:
    match state:
        case ItemState.DONE:
            return None
        case ItemState.GONE:
            return StaleReference(_GONE)
        case ItemState.CHANGED:
            return PreconditionFailed(_CHANGED)
        case ItemState.UNKNOWN:
            return OutcomeUnknown(_UNKNOWN)
        case ItemState.FAILED:
            assert error is not None
            return error
