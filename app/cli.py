import argparse
import sys
from collections.abc import Sequence

from app import __version__
from app.commands import accounts, graphql, keys, openapi, serve, tokens
from app.commands.exits import EXIT_CODES, guarded

_EPILOG = f"""\
example:
  mailhatch serve
  mailhatch accounts add --email ann@example.com --host imap.example.com

Settings come from the environment (MAILHATCH_…) or the TOML file named by MAILHATCH_CONFIG; README.md lists them.
Every command has its own --help with examples. `--json` prints one JSON object a line, for scripts.

{EXIT_CODES}"""


def parser() -> argparse.ArgumentParser:
    """Make the parser of all commands; each sets `run`, which takes the arguments and returns the exit code."""
    root = argparse.ArgumentParser(
        prog="mailhatch",
        description="A hatch through which web and mobile frontends reach any mailbox over REST.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    root.add_argument("--version", action="version", version=f"mailhatch {__version__}")
    commands = root.add_subparsers(title="commands", metavar="command", required=True)
    for module in (serve, accounts, tokens, keys, openapi, graphql):
        module.add_to(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; argparse itself exits with 2 for wrong usage."""
    given = parser().parse_args(arguments)
    return guarded(lambda: int(given.run(given)))


if __name__ == "__main__":
    sys.exit(main())
