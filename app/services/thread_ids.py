"""Ids of conversations: opaque to clients. One is named by the server's id, or by one of its messages."""

import base64
import binascii

from app.domain.errors import NotFound
from app.domain.ids import MessageKey, message_id, message_key

_PREFIX = "thr_"
_LONGEST = 400


def of_server_id(server_id: str) -> str:
    """Spell a server's id of a conversation (RFC 8474, X-GM-THRID)."""
    return _PREFIX + base64.urlsafe_b64encode(server_id.encode("ascii")).rstrip(b"=").decode("ascii")


def of_message(key: MessageKey) -> str:
    """Spell a conversation of a mailbox by one of its messages."""
    return _PREFIX + message_id(key)


def read_thread_id(value: str) -> MessageKey | str:
    """Read an id: the message that names it, or the server's id. A message's own id is one too. Raises NotFound."""
    if value.startswith("msg_"):
        return message_key(value)
    body = value.removeprefix(_PREFIX)
    if body == value or len(value) > _LONGEST:
        raise NotFound("No such thread.")
    if body.startswith("msg_"):
        return message_key(body)
    try:
        server_id = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise NotFound("No such thread.") from None
    if not server_id or of_server_id(server_id) != value:
        raise NotFound("No such thread.")
    return server_id
