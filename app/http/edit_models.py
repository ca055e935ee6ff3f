"""Request bodies of what changes mail."""

from typing import Annotated, Literal, Self

import msgspec
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.edits import Action, CopyAction, DeleteAction, FlagAction, FlagEdit, MessageFilter, MoveAction
from app.http.body import Body
from app.http.limits import MAX_QUERY_TEXT
from app.services.account_patch import UNSET
from app.services.edits.limits import (
    BATCH_MESSAGES,
    FLAGS_AT_ONCE,
    KEYWORD_CHARS,
    MUTATION_ID_CHARS,
    NAME_CHARS,
    QUERY_CHARS,
)
from app.services.edits.mailboxes import MailboxPatch
from app.services.edits.words import flag_edit

_Id = Annotated[str, Field(max_length=MAX_QUERY_TEXT)]
_Flags = Annotated[list[Annotated[str, Field(max_length=KEYWORD_CHARS)]], Field(max_length=FLAGS_AT_ONCE)]
_PlainFlags = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=KEYWORD_CHARS)]], msgspec.Meta(max_length=FLAGS_AT_ONCE)
]
_PlainMutationId = Annotated[str, msgspec.Meta(max_length=MUTATION_ID_CHARS, pattern=r"^[\x20-\x7e]+\Z")]
_FLAGS = "`seen`, `flagged`, `answered`, `draft`, `deleted`, or keywords."

_MutationId = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=MUTATION_ID_CHARS,
        pattern=r"^[\x20-\x7e]+$",
        description="Your own name for this change; given back, and told with the events it causes.",
        examples=["web-7f3a-12"],
    ),
]
_Target = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_QUERY_TEXT,
        description="Id of the mailbox, `mbx_…`, or a role: inbox, sent, drafts, trash, junk, archive.",
        examples=["archive"],
    ),
]


class FlagsChange(Body):
    """Flags to add and to remove."""

    add: _Flags = Field(default_factory=list, description=_FLAGS)
    remove: _Flags = Field(default_factory=list, description=_FLAGS)

    def to_domain(self, pointer: str) -> FlagEdit:
        """Return what the service takes; `pointer` is where this stands in the body."""
        return flag_edit(self.add, self.remove, pointer)


class MessagePatch(Body):
    """A change of one message's flags."""

    flags: FlagsChange
    client_mutation_id: _MutationId = None


class PlainFlags(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What `FlagsChange` takes, read from JSON at once."""

    add: _PlainFlags = msgspec.field(default_factory=list)
    remove: _PlainFlags = msgspec.field(default_factory=list)


class PlainPatch(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What `MessagePatch` takes, read from JSON at once: no more than that, and what it does not take may be good."""

    flags: PlainFlags
    client_mutation_id: _PlainMutationId | None = None


class MessageTarget(Body):
    """Where a message is moved or copied to."""

    mailbox: _Target
    client_mutation_id: _MutationId = None


class FlagsAction(FlagsChange):
    """Add and remove flags."""

    type: Literal["flags"]

    def act(self) -> Action:
        """Return what the service takes."""
        return FlagAction(self.to_domain("/action"))


class MoveToAction(Body):
    """Move to a mailbox."""

    type: Literal["move"]
    mailbox: _Target

    def act(self) -> Action:
        """Return what the service takes."""
        return MoveAction(self.mailbox)


class CopyToAction(Body):
    """Copy to a mailbox."""

    type: Literal["copy"]
    mailbox: _Target

    def act(self) -> Action:
        """Return what the service takes."""
        return CopyAction(self.mailbox)


class DeletionAction(Body):
    """Move to the Trash, or with `permanently` remove for good."""

    type: Literal["delete"]
    permanently: bool = False

    def act(self) -> Action:
        """Return what the service takes."""
        return DeleteAction(self.permanently)


class MatchFilter(Body):
    """All messages of a mailbox that match a search query."""

    mailbox: _Target
    query: str = Field(max_length=QUERY_CHARS, description="As in search; empty matches all.", examples=["is:unread"])


class MessageBatch(Body):
    """One action on many messages: those named in `ids`, of any mailboxes, or all that match `filter`."""

    ids: list[_Id] | None = Field(None, min_length=1, max_length=BATCH_MESSAGES, description="Ids of messages.")
    filter: MatchFilter | None = None
    action: Annotated[FlagsAction | MoveToAction | CopyToAction | DeletionAction, Field(discriminator="type")]
    client_mutation_id: _MutationId = None

    @model_validator(mode="after")
    def _names_messages_once(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise PydanticCustomError("which", "Give either ids or filter.")
        return self

    def which(self) -> list[str] | MessageFilter:
        """Return which messages are meant."""
        if self.filter is not None:
            return MessageFilter(self.filter.mailbox, self.filter.query)
        assert self.ids is not None
        return self.ids


_Name = Annotated[
    str, Field(min_length=1, max_length=NAME_CHARS, description="One level of the tree.", examples=["Invoices"])
]
_Parent = Annotated[
    str | None,
    Field(max_length=MAX_QUERY_TEXT, description="Id or role of the mailbox it lies in; null for the top level."),
]


class MailboxBody(Body):
    """A mailbox to make."""

    name: _Name
    parent_id: _Parent = None
    is_subscribed: bool = True
    client_mutation_id: _MutationId = None


class MailboxMerge(Body):
    """Merge patch of a mailbox (RFC 7396): what is missing stays; `parent_id` null moves it to the top level."""

    name: _Name | None = None
    parent_id: _Parent = None
    is_subscribed: bool | None = None
    client_mutation_id: _MutationId = None

    @model_validator(mode="after")
    def _empties_no_more_than_it_can(self) -> Self:
        for name in ("name", "is_subscribed"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise PydanticCustomError("null", "{name} cannot be emptied; leave it out to keep it", {"name": name})
        return self

    def to_domain(self) -> MailboxPatch:
        """Return what the service takes: UNSET where nothing was said."""
        return MailboxPatch(
            name=UNSET if self.name is None else self.name,
            parent_id=self.parent_id if "parent_id" in self.model_fields_set else UNSET,
            is_subscribed=UNSET if self.is_subscribed is None else self.is_subscribed,
        )
