"""How a mail server and its credentials are given on the command line: a password never is an argument."""

import argparse
import getpass
import sys
from pathlib import Path

from app.commands.exits import CommandError, Exit
from app.commands.opening import is_terminal
from app.domain.account import AccessToken, Credentials, IncomingServer, MailProtocol, Password, Security, standard_port

#: Longest secret file or line read; the service has its own, smaller bounds.
_MOST = 64 * 1024


def add_server(command: argparse.ArgumentParser) -> None:
    """Declare where to log in and how the secret is handed over."""
    command.add_argument(
        "--protocol",
        choices=[protocol.value for protocol in MailProtocol],
        default=MailProtocol.IMAP.value,
        help="how the server speaks (default: imap)",
    )
    command.add_argument("--host", help="name or address of the mail server")
    command.add_argument(
        "--port", type=int, help="port (default: with imap 993 for tls, else 143; with pop3 995 for tls, else 110)"
    )
    command.add_argument(
        "--security",
        choices=[security.value for security in Security],
        default="tls",
        help="tls from the first byte, a required starttls, or none, which MAILHATCH_ALLOW_INSECURE_MAIL must allow "
        "(default: tls)",
    )
    command.add_argument("--username", help="user name at the server (default of `accounts add`: the e-mail address)")
    command.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these certificate authorities as well")
    secret = command.add_mutually_exclusive_group()
    secret.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    secret.add_argument("--password-file", type=Path, metavar="FILE", help="read it from a file (default: ask for it)")
    command.add_argument(
        "--access-token", action="store_true", help="what is given is an OAuth access token, not a password"
    )


def read_server(arguments: argparse.Namespace) -> IncomingServer:
    """Make the server of the arguments. Raises CommandError."""
    username = arguments.username or getattr(arguments, "email", None)
    if not arguments.host:
        raise CommandError("Give the mail server with --host.", Exit.USAGE)
    if not username:
        raise CommandError("Give the user name at the mail server with --username.", Exit.USAGE)
    protocol, security = MailProtocol(arguments.protocol), Security(arguments.security)
    return IncomingServer(
        protocol=protocol,
        host=arguments.host,
        port=standard_port(protocol, security) if arguments.port is None else arguments.port,
        security=security,
        username=username,
        ca_pem=None if arguments.ca_file is None else _read(arguments.ca_file),
    )


def read_credentials(arguments: argparse.Namespace, username: str) -> Credentials:
    """Read the secret from where it is handed over; asks at a terminal. Raises CommandError."""
    what = "access token" if arguments.access_token else "password"
    if arguments.password_file is not None:
        secret = _read(arguments.password_file)
    elif arguments.password_stdin:
        secret = sys.stdin.read(_MOST)
    elif is_terminal():
        secret = getpass.getpass(f"{what.capitalize()} of {username}: ")
    else:
        raise CommandError(f"Give the {what} with --password-stdin or --password-file.", Exit.USAGE)
    secret = secret.removesuffix("\n").removesuffix("\r")  # what editors and echo append
    if not secret:
        raise CommandError(f"The {what} is empty.", Exit.USAGE)
    return AccessToken(secret) if arguments.access_token else Password(secret)


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_MOST)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", Exit.USAGE) from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not a text file.", Exit.USAGE) from None
