"""What commands print: answers on standard output, everything about the work on standard error."""

import sys
from collections.abc import Sequence

from app.rest.encoding import encode


def say(text: str) -> None:
    """Print a line of the answer."""
    print(_printable(text), flush=True)


def say_json(value: object) -> None:
    """Print a value as one line of JSON."""
    print(encode(value).decode(), flush=True)


def tell(text: str) -> None:
    """Print a line about the work: progress, advice, errors."""
    print(_printable(text), file=sys.stderr, flush=True)


def say_table(head: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    """Print rows in columns, under their names; None is a dash."""
    cells = [tuple(head), *(tuple(cell or "-" for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _printable(text: str) -> str:
    """Disarm control characters: what mail servers and clients wrote must not steer the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
