"""Acting on messages, and storing them."""

import base64
import binascii
from collections.abc import Callable

import strawberry

from app.domain.edits import (
    Action,
    BatchReport,
    CopyAction,
    DeleteAction,
    FlagAction,
    MessageFilter,
    MoveAction,
    StoredMessage,
)
from app.domain.errors import FieldProblem, InvalidRequest
from app.graphql.context import Call, Info
from app.graphql.derive import resolved
from app.graphql.given import given, read_time
from app.graphql.inputs import mail as inputs
from app.graphql.once import IdempotencyKey, once
from app.graphql.types.edits import Done, MessagesPayload, StoredPayload
from app.services.edits.words import flag_edit

_Asked = inputs.ChangeFlagsInput | inputs.PlaceMessagesInput | inputs.DeleteMessagesInput


@strawberry.type
class MessageMutations:
    """Mutations of messages."""

    @resolved(MessagesPayload | None, "Add and remove flags. Needs `mail.flags.write`.")
    async def change_flags(
        self,
        info: Info,
        input: inputs.ChangeFlagsInput,  # noqa: A002
        idempotency_key: IdempotencyKey = None,
    ) -> Done:
        """Change flags; held to a version, of one message."""

        def action() -> Action:
            return FlagAction(flag_edit(input.add, input.remove, "/action"))

        return await _once(info.context, "changeFlags", input, action, idempotency_key)

    @resolved(MessagesPayload | None, "Move messages to a mailbox. Needs `mail.write`.")
    async def move_messages(
        self,
        info: Info,
        input: inputs.PlaceMessagesInput,  # noqa: A002
        idempotency_key: IdempotencyKey = None,
    ) -> Done:
        """Move."""
        return await _once(info.context, "moveMessages", input, lambda: MoveAction(input.to), idempotency_key)

    @resolved(MessagesPayload | None, "Copy messages to a mailbox. Needs `mail.write`.")
    async def copy_messages(
        self,
        info: Info,
        input: inputs.PlaceMessagesInput,  # noqa: A002
        idempotency_key: IdempotencyKey = None,
    ) -> Done:
        """Copy."""
        return await _once(info.context, "copyMessages", input, lambda: CopyAction(input.to), idempotency_key)

    @resolved(MessagesPayload | None, "Move messages to the Trash, or remove them for good. Needs `mail.write`.")
    async def delete_messages(
        self,
        info: Info,
        input: inputs.DeleteMessagesInput,  # noqa: A002
        idempotency_key: IdempotencyKey = None,
    ) -> Done:
        """Delete."""
        return await _once(
            info.context, "deleteMessages", input, lambda: DeleteAction(input.permanently), idempotency_key
        )

    @resolved(
        StoredPayload | None,
        "Store a message or a draft in a mailbox; it is not sent. Line ends become CRLF, and what is no message at all "
        "is refused. It is bounded like the body of a request; larger ones go over REST. Needs `mail.write`.",
    )
    async def append_message(
        self,
        info: Info,
        input: inputs.AppendMessageInput,  # noqa: A002
        idempotency_key: IdempotencyKey = None,
    ) -> StoredPayload:
        """Store a message."""
        call = info.context
        uploads = call.at.edits.uploads
        target = await uploads.target(call.principal, await call.account_id(input.account), input.mailbox)
        received = read_time(input.received, "/received")
        async with uploads.receiving(target) as file:
            await file.write(_octets(input))
            await file.finish()

            async def act() -> StoredMessage:
                return await uploads.store(
                    target,
                    file,
                    flags=tuple(input.flags),
                    received=received,
                    client_mutation_id=input.client_mutation_id,
                )

            stored = await once(call, idempotency_key, "appendMessage", given(input), StoredMessage, act)
        return StoredPayload(
            id=None if stored.id is None else strawberry.ID(stored.id),
            mailbox_id=strawberry.ID(stored.mailbox_id),
            size=stored.size,  # type: ignore[arg-type]  # a Long is an int
            client_mutation_id=input.client_mutation_id,
        )


def _octets(asked: inputs.AppendMessageInput) -> bytes:
    if (asked.raw is None) == (asked.raw_base64 is None):
        detail = "Give either `raw` or `rawBase64`."
        raise InvalidRequest(detail, [FieldProblem(detail, "/raw")])
    if asked.raw is not None:
        return asked.raw.encode(errors="surrogatepass")
    assert asked.raw_base64 is not None
    try:
        return base64.b64decode(asked.raw_base64, validate=True)
    except (binascii.Error, ValueError):
        detail = "This is not base64."
        raise InvalidRequest(detail, [FieldProblem(detail, "/raw_base64")]) from None


async def _once(
    call: Call, what: str, asked: _Asked, action: Callable[[], Action], idempotency_key: str | None
) -> Done:
    async def act() -> Done:
        return Done.of(await _report(call, asked, action()), asked.client_mutation_id)

    return await once(call, idempotency_key, what, given(asked), Done, act)


async def _report(call: Call, asked: _Asked, action: Action) -> BatchReport:
    which = _which(asked)
    account_id = await call.account_id(asked.account)
    named = {"client_mutation_id": asked.client_mutation_id}
    if isinstance(which, MessageFilter):
        return await call.at.edits.batches.of_filter(call.principal, account_id, which, action, **named)
    version = getattr(asked, "version", None)
    if version is None:
        return await call.at.edits.batches.of_messages(call.principal, account_id, which, action, **named)
    assert isinstance(action, FlagAction)
    changed = await call.at.edits.messages.change_flags(
        call.principal, account_id, which[0], action.edit, version=version, **named
    )
    return BatchReport((changed,))


def _which(asked: _Asked) -> list[strawberry.ID] | MessageFilter:
    if (asked.messages is None) == (asked.filter is None):
        raise InvalidRequest("Give either messages or filter.", [FieldProblem("Give either messages or filter.", "")])
    if getattr(asked, "version", None) is not None and (asked.messages is None or len(asked.messages) != 1):
        detail = "A `version` is that of one message."
        raise InvalidRequest(detail, [FieldProblem(detail, "/version")])
    if asked.messages is not None:
        return asked.messages
    assert asked.filter is not None
    return MessageFilter(asked.filter.mailbox, asked.filter.query)
