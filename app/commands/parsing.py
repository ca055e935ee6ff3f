"""How commands are declared, and values that several of them read."""

import argparse
import re
import textwrap
from collections.abc import Callable
from typing import Any

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([1-9][0-9]{0,8})([smhd])", re.ASCII)

#: argparse names its type for this in private only.
Commands = Any


def add_command(
    commands: Commands, name: str, what: str, example: str, run: Callable[[argparse.Namespace], int] | None = None
) -> argparse.ArgumentParser:
    """Declare a command: what it does in a sentence or more, and an example that works."""
    added: argparse.ArgumentParser = commands.add_parser(
        name,
        help=re.split(r"\.\s", what, maxsplit=1)[0].rstrip("."),
        description="\n\n".join(textwrap.fill(paragraph, 79) for paragraph in what.split("\n\n")),
        epilog=f"example:\n{example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if run is not None:
        added.set_defaults(run=run)
    return added


def add_json(command: argparse.ArgumentParser) -> None:
    """Declare `--json`."""
    command.add_argument("--json", action="store_true", help="print one JSON object a line, for scripts")


def seconds(text: str) -> int:
    """Read a duration such as `90s`, `15m`, `12h` or `30d`."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError("write a number and a unit, such as 90s, 15m, 12h or 30d")
    return int(match[1]) * _UNITS[match[2]]


def key_value(text: str) -> tuple[str, str]:
    """Read `key=value`."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError("write key=value")
    return key, value
