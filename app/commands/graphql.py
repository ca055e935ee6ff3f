import argparse
from pathlib import Path

from app.commands.exits import CommandError, Exit
from app.commands.output import tell
from app.commands.parsing import Commands, add_command

_PATH = Path("schemas/graphql/mailhatch.graphql")


def add_to(commands: Commands) -> None:
    """Declare `graphql`."""
    command = add_command(
        commands,
        "graphql",
        "Print the GraphQL schema of the API. No service needs to run.",
        "  mailhatch graphql > mailhatch.graphql\n  mailhatch graphql --write",
        _run,
    )
    command.add_argument("--write", action="store_true", help=f"write {_PATH} below the current folder instead")


def _run(arguments: argparse.Namespace) -> int:
    from app import bootstrap

    document = bootstrap.graphql_schema()
    if not arguments.write:
        print(document, end="")
        return Exit.DONE
    try:
        _PATH.parent.mkdir(exist_ok=True, parents=True)
        _PATH.write_text(document, "utf-8")
    except OSError as error:
        raise CommandError(f"{_PATH} cannot be written: {error.strerror}.") from None
    tell(f"Written: {_PATH}")
    return Exit.DONE
