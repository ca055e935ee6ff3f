"""What a maildrop can do, on one connection that holds it alone."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from app.domain.ids import Uid
from app.domain.maildrop import KnownMessage, Survey
from app.domain.ports.sessions import Session


class MaildropSession(Session, Protocol):
    """A POP3 session. The contract of `MailSession` holds: blocking, a deadline a call, our errors alone.

    `known` is always every message known of this maildrop: which one is which is told from all of them together.
    """

    def survey(self, known: Sequence[KnownMessage], first: Collection[Uid], most: int, deadline: float) -> Survey:
        """Look what is there, and read at most `most` headers: those of `first`, then of what is not known and of known
        messages without a fingerprint, the newest first.

        Changes nothing. With pipelining one round trip for the listing and one for each 200 headers.
        """

    def retrieve(
        self,
        uid: Uid,
        known: Sequence[KnownMessage],
        take: Callable[[bytes], None],
        max_bytes: int,
        deadline: float,
    ) -> None:
        """Download a whole message into `take`, piece by piece, in constant memory; it stays on the server.

        Raises StaleReference when it is not there, PayloadTooLarge when it is longer than `max_bytes`. What was taken
        before an error is not a message.
        """

    def delete(self, uids: Sequence[Uid], known: Sequence[KnownMessage], deadline: float) -> tuple[Uid, ...]:
        """Delete messages and end the session; return those that the server says are gone.

        When the connection is lost before the server has confirmed, this raises and nobody knows until the next survey.
        """
