"""`make demo`: a mail server with believable mail, the service in front of it, and what to try."""

import argparse
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from app.demo import graphiql, printed, registration, rest_client
from app.demo.catcher import Catcher
from app.demo.children import Child, ChildFailed
from app.demo.limits import ARRIVAL_PAUSE, SERVICE_START
from app.demo.mail_server import HOST, MailServer
from app.demo.printed import say
from app.demo.rest_client import CallFailed
from app.demo.state import DemoRefused, DemoState

#: The message the third example opens: HTML with an inline image.
_EXAMPLE = "Menu board: last look before paint"

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def free_port(wanted: int) -> int:
    """Find out that a loopback port is free; 0 picks one. Raises DemoRefused with what to do."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
            probe.listen(1)
        except (OSError, OverflowError) as error:
            reasons = {PermissionError: "needs rights you do not have", OverflowError: "does not exist"}
            why = reasons.get(type(error), "is taken")
            raise DemoRefused(f"Port {wanted} {why}; choose another one with `make demo PORT=8026`.") from None
        port: int = probe.getsockname()[1]
        return port


def run(state: DemoState, port: int) -> None:
    """Start everything, tell what to try, and let mail arrive until KeyboardInterrupt.

    Raises ChildFailed or CallFailed when a part of it does not work. Nothing it started is left in any case.
    """
    with ExitStack() as stack:
        try:
            server, service = _start(state, port, stack)
            catcher = Catcher(say)
            stack.callback(catcher.close)
            accounts = _register(state, f"http://{HOST}:{port}", server, service, catcher)
            _let_mail_arrive(server, service, accounts)
        finally:
            for ending in _ENDINGS:  # the children get their time to end, however impatient the hands
                signal.signal(ending, signal.SIG_IGN)


def _start(state: DemoState, port: int, stack: ExitStack) -> tuple[MailServer, Child]:
    data = state.fresh_data()
    started = time.monotonic()
    server = MailServer(data)
    stack.callback(server.child.stop)
    say(f"Mail server  imap://{HOST}:{server.port}, {server.messages} messages ({_since(started)})")
    say(f"             pop3://{HOST}:{server.pop3_port} has one of the three accounts")
    started = time.monotonic()
    service = Child(
        "service",
        ("app.demo.service",),
        data / "service.log",
        environment=registration.service_environment(port, data, state.admin_token),
    )
    stack.callback(service.stop)
    _wait_for(service, f"http://{HOST}:{port}")
    if (packer := graphiql.packed(data)) is not None:
        stack.callback(packer.stop)
    say(f"Service      http://{HOST}:{port}, data and log in {data} ({_since(started)})")
    return server, service


def _register(state: DemoState, url: str, server: MailServer, service: Child, catcher: Catcher) -> dict[str, str]:
    accounts = registration.register(url, state.admin_token, server)
    for account in accounts:
        say(f"Account      {account.email}, connected as {account.id}")
    token = registration.reading_token(url, state.admin_token, accounts)
    webhook = registration.register_webhook(url, state.admin_token, catcher)
    say(f"Webhook      {webhook}, to a catcher in this process that verifies signatures")
    message = registration.message_to_open(url, token, accounts[0], _EXAMPLE)
    state.publish(
        {
            "url": url,
            "docs": f"{url}/docs",
            "token": token,
            "admin_token": state.admin_token,
            "accounts": [asdict(account) for account in accounts],
            "webhook": {"id": webhook, "url": catcher.url, "secret": catcher.secret},
            "mail_server": server.facts(),
            "pids": {"demo": os.getpid(), "mail_server": server.child.pid, "service": service.pid},
        }
    )
    printed.welcome(url, token, printed.curl_lines(url, token, accounts[0], message), state.file)
    return {account.external_id: account.email for account in accounts}


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.1f} s"


def _wait_for(service: Child, url: str) -> None:
    until = time.monotonic() + SERVICE_START
    while not rest_client.is_ready(url):
        if service.has_ended:
            raise service.failure("has ended")
        if time.monotonic() > until:
            raise service.failure(f"was not ready within {SERVICE_START:.0f} seconds")
        time.sleep(0.1)


def _let_mail_arrive(server: MailServer, service: Child, emails: dict[str, str]) -> None:
    due = time.monotonic() + ARRIVAL_PAUSE
    while True:
        for child in (server.child, service):
            if child.has_ended:
                raise child.failure("has ended")
        if time.monotonic() >= due:
            mail = server.deliver()
            printed.arrival(mail, emails[mail.external_id])
            due += ARRIVAL_PAUSE
        time.sleep(0.25)  # how soon an ended child is noticed


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; return the exit code: 0 when it was ended, 1 when it could not start or a part of it failed."""
    parser = argparse.ArgumentParser(prog="python -m app.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8025, help="port of the service; 0 picks a free one (default 8025)")
    parser.add_argument("--var", type=Path, default=Path("var"), help="folder for demo.json and data (default var)")
    options = parser.parse_args(arguments)
    for ending in _ENDINGS:
        if ending is not signal.SIGHUP or signal.getsignal(ending) is not signal.SIG_IGN:  # nohup stays in force
            signal.signal(ending, _interrupt)
    try:
        with DemoState(options.var) as state:
            run(state, free_port(options.port))
    except KeyboardInterrupt:
        with suppress(BrokenPipeError):
            say("The demo has ended.")
    except BrokenPipeError:  # nobody reads any more, as after `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (DemoRefused, ChildFailed, CallFailed) as error:
        with suppress(BrokenPipeError):
            print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
