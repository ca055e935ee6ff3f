"""Errors of the database at run time, translated to those of the domain: here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.domain.errors import MailhatchError, StorageUnavailable
from app.storage import limits
from app.storage.dialect import UNWRAPPED, Condition, condition


class LostRace(StorageUnavailable):
    """The database ended this transaction in favour of another one: a deadlock or a serialization failure."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the database raises into StorageUnavailable where trying later helps.

    IntegrityError passes, for whoever wrote the statement knows its meaning; so do mistakes of ours.
    """
    try:
        yield
    except IntegrityError:
        raise
    except PoolTimeout as error:
        raise _unavailable("The service's database is busy.") from error
    except StatementError as error:
        if isinstance(error.orig, MailhatchError):  # a value refused while it was bound
            raise error.orig from None
        if meaning := _meaning(error):
            raise meaning from error
        raise
    except UNWRAPPED as error:  # while connecting: not wrapped
        if meaning := _meaning(error):
            raise meaning from error
        raise


def _meaning(error: StatementError | Exception) -> StorageUnavailable | None:
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return None
    match condition(error):
        case Condition.LOST_RACE:
            return LostRace("Too many callers changed the same thing at once.", retry_after=limits.RETRY_AFTER)
        case Condition.UNAVAILABLE | Condition.REFUSED | Condition.NO_DATABASE:
            return _unavailable("The service's database cannot be used right now.")
        case _:
            return None


def _unavailable(detail: str) -> StorageUnavailable:
    return StorageUnavailable(detail, retry_after=limits.RETRY_AFTER)
