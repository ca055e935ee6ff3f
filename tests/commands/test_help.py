import argparse
import re
from collections.abc import Iterator

import pytest

from app.cli import parser
from app.commands.exits import EXIT_CODES, Exit
from tests.commands.conftest import Command


def commands(of: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield of
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from commands(below)


ALL = {command.prog: command for command in commands(parser())}


def test_every_command_of_the_documentation_is_there() -> None:
    assert set(ALL) == {
        "mailhatch",
        "mailhatch serve",
        *(f"mailhatch accounts{name}" for name in ("", " add", " list", " check", " remove")),
        *(f"mailhatch tokens{name}" for name in ("", " create", " list", " revoke")),
        *(f"mailhatch keys{name}" for name in ("", " generate", " rotate")),
        "mailhatch openapi",
        "mailhatch graphql",
    }


@pytest.mark.parametrize("command", ALL.values(), ids=ALL)
def test_help_says_what_it_does_and_shows_an_example_that_parses(command: argparse.ArgumentParser) -> None:
    text = command.format_help()
    assert command.description
    assert all(action.help for action in command._actions if not isinstance(action, argparse._SubParsersAction))
    examples = text.partition("example:\n")[2].partition("\n\n")[0].replace("\\\n", " ")
    lines = [line.strip() for line in examples.splitlines()]
    assert lines
    for line in lines:
        words = re.sub(r"^.*?mailhatch ", "", line.partition(" > ")[0]).split()
        parser().parse_args(words)


def test_every_exit_code_is_documented(mailhatch: Command) -> None:
    documented = {int(line.split()[0]) for line in EXIT_CODES.splitlines()[1:]}
    assert documented == {code.value for code in Exit}
    assert EXIT_CODES in mailhatch("--help").out


@pytest.mark.parametrize(
    "words",
    [(), ("accounts",), ("nonsense",), ("accounts", "add"), ("tokens", "create", "--name", "x", "--scope", "root")],
)
def test_wrong_usage_ends_with_2_and_says_what_is_missing(mailhatch: Command, words: tuple[str, ...]) -> None:
    ended = mailhatch(*words)
    assert ended.code == Exit.USAGE
    assert "usage: mailhatch" in ended.err
    assert ended.out == ""


def test_no_option_takes_a_secret() -> None:
    for command in ALL.values():
        for action in command._actions:
            if any(word in " ".join(action.option_strings) for word in ("password", "secret", "access-token")):
                assert action.nargs == 0 or action.dest == "password_file", action
