"""What a client does with either face, and gets in the same words from both."""

from dataclasses import dataclass, field
from typing import Any, Protocol

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """An error of the service, as far as both faces tell it."""

    code: str
    moved_to: str | None = None
    pointers: tuple[str, ...] = field(default=())


class Face(Protocol):
    """A client of one face; every answer is spelled as REST spells it. `account` and `token` may be changed."""

    account: str
    token: str | None

    async def mailboxes(self) -> list[Row]:
        """List the mailboxes."""

    async def page(self, mailbox: str = "inbox", limit: int = 50, cursor: str | None = None) -> Row:
        """List a page: `items` and `next`."""

    async def message(self, message: str) -> Row:
        """Open a message; with its `version`."""

    async def body(self, message: str) -> Row:
        """Read a message."""

    async def flags(self, message: str, add: list[str], remove: list[str], version: str | None = None) -> list[str]:
        """Change flags and return them, held to a version if one is given."""

    async def place(self, verb: str, message: str, mailbox: str) -> str | None:
        """Move or copy a message and return its new id."""

    async def delete(self, message: str, *, permanently: bool = False) -> str | None:
        """Delete a message and return its new id in the Trash."""

    async def batch(self, which: list[str] | Row, action: Row) -> Row:
        """Act on many: `items` with id, state, flags, moved_to and problem's code; `done` and `has_more`."""

    async def make_mailbox(self, name: str, parent_id: str | None = None) -> Row:
        """Make a mailbox."""

    async def change_mailbox(self, mailbox: str, patch: Row) -> Row:
        """Change a mailbox."""

    async def delete_mailbox(self, mailbox: str, **asked: bool) -> list[str]:
        """Delete a mailbox and return the ids that are gone."""

    async def search(self, query: str, **asked: Any) -> Row:
        """Search: `items`, `next`, `total`, `unsupported_terms`, `failures`, `sorted_by`."""

    async def threads(self, mailbox: str = "inbox", limit: int = 50, cursor: str | None = None) -> Row:
        """List conversations."""

    async def thread(self, reference: str) -> Row:
        """Read a conversation."""
