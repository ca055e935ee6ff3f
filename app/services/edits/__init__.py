"""Acting on mail: flags, moves, deletions, uploads, mailboxes themselves. All policy of it is in this room."""

from dataclasses import dataclass

from app.services.edits.batches import MessageBatches
from app.services.edits.mailboxes import MailboxEdits
from app.services.edits.messages import MessageEdits
from app.services.edits.uploads import Uploads

__all__ = ["Edits"]


@dataclass(frozen=True, slots=True)
class Edits:
    """What the faces call to change mail."""

    messages: MessageEdits
    batches: MessageBatches
    mailboxes: MailboxEdits
    uploads: Uploads
