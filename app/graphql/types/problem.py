"""Why something was not done, as a value of the answer: what concerns one of many is no error of the whole."""

from dataclasses import dataclass

from app.domain.errors import MailhatchError
from app.domain.ids import MessageId
from app.graphql.derive import derived
from app.graphql.errors import described


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error in the words of a client."""

    code: str
    detail: str
    blame: str
    retryable: bool
    moved_to: MessageId | None

    @classmethod
    def of(cls, error: MailhatchError) -> "Trouble":
        """Write an error as a value."""
        told = described(error)
        return cls(told["code"], error.detail, told["blame"], told["retryable"], told.get("movedTo"))


@derived(Trouble)
class Problem:
    """Why something was not done: the same code as in `extensions.code`."""
