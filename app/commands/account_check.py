import argparse
from typing import TYPE_CHECKING

from app.commands.account_arguments import add_server, read_credentials, read_server
from app.commands.exits import CommandError, Exit, code_of
from app.commands.opening import with_services
from app.commands.output import say, say_json, tell
from app.commands.parsing import Commands, add_command, add_json
from app.domain.access import Principal
from app.domain.capabilities import CheckReport
from app.services.account_verification import failure

if TYPE_CHECKING:
    from app.bootstrap import OpenServices


_WHAT = """\
Log in to a mail server and tell step by step what was found. The steps, with the time each took, are: resolved,
connected, tls, greeting, login, capabilities, mailboxes.

With an id it is a stored account; with --host and --username it is any server, and nothing is stored.
"""


def add_to(group: Commands) -> None:
    """Declare `accounts check`."""
    check = add_command(
        group,
        "check",
        _WHAT,
        "  mailhatch accounts check acc_7h2k9fqx0d3m5v8w1c4b\n"
        "  mailhatch accounts check --host imap.example.com --username ann",
        _check,
    )
    check.add_argument("id", nargs="?", help="id of a stored account, as `accounts list` shows it")
    add_server(check)
    add_json(check)


def _check(arguments: argparse.Namespace) -> int:
    if arguments.id and (arguments.host or arguments.username):
        raise CommandError("Give either the id of a stored account, or --host and --username.", Exit.USAGE)
    if arguments.id:

        async def check(services: "OpenServices", operator: Principal) -> CheckReport:
            return await services.accounts.check(operator, arguments.id)

        tell(f"Checking account {arguments.id} …")
    else:
        incoming = read_server(arguments)
        credentials = read_credentials(arguments, incoming.username)

        async def check(services: "OpenServices", operator: Principal) -> CheckReport:
            return await services.accounts.check_server(operator, incoming, credentials)

        tell(f"Checking {incoming.host} port {incoming.port} …")
    report = with_services(check)
    if arguments.json:
        say_json(report)
    else:
        _tell_steps(report)
    return Exit.DONE if report.ok else code_of(failure(report))


def _tell_steps(report: CheckReport) -> None:
    for step in report.steps:
        mark = "ok    " if step.ok else "FAILED"
        code = f" ({step.error_code})" if step.error_code else ""
        say(f"{mark}  {step.name:<12}  {step.took * 1000:6.0f} ms  {step.detail}{code}")
    say("The account works." if report.ok else "The account does not work.")
