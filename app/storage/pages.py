"""How many rows one list may answer."""

from app.storage import limits


def page_size(limit: int) -> int:
    """Check a limit that the service chose. Raises ValueError: a client's own was bounded before."""
    if not 1 <= limit <= limits.PAGE:
        raise ValueError(f"a list answers 1 to {limits.PAGE} rows, not {limit}")
    return limit
