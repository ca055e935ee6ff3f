"""The steps, a module each: `rNNNN_what.py` is revision NNNN, and stands on the one before it."""

import re
from functools import cache
from pathlib import Path

from app.storage.errors import StorageError
from app.storage.location import Location

_STEP = re.compile(r"r([0-9]{4})_[a-z0-9_]+\.py")


@cache
def revisions() -> tuple[str, ...]:
    """Name all steps, the oldest first. Reads a folder."""
    found = (_STEP.fullmatch(path.name) for path in Path(__file__).parent.iterdir())
    return tuple(sorted(match[1] for match in found if match))


def made_by_newer(location: Location) -> StorageError:
    """Say that a database is ahead of this version."""
    return StorageError(f"The database {location.shown} was made by a newer version of Mailhatch; run that one.")
