import argparse
import asyncio
import gc
import signal
import socket
from types import FrameType
from typing import Any

import uvicorn

from app import __version__
from app.commands.exits import CommandError, Exit
from app.commands.output import say, tell
from app.commands.parsing import Commands, add_command
from app.config import Settings
from app.telemetry.log import report_loop_error

#: Connections the system holds for us while we are busy.
_BACKLOG = 2048


def add_to(commands: Commands) -> None:
    """Declare `serve`."""
    command = add_command(
        commands,
        "serve",
        "Run the service until it is stopped. The first start makes the database, the encryption keys and the admin "
        "token. SIGTERM and Ctrl-C let running requests finish; a second Ctrl-C does not.",
        "  mailhatch serve\n  MAILHATCH_HOST=0.0.0.0 mailhatch serve --port 8080",
        _run,
    )
    command.add_argument("--host", help="address to listen on (setting MAILHATCH_HOST)")
    command.add_argument("--port", type=int, help="port to listen on, 0 for a free one (setting MAILHATCH_PORT)")


class _Server(uvicorn.Server):
    """uvicorn that says when it answers, and logs what nobody awaited without what it says."""

    def __init__(self, config: uvicorn.Config, announcement: list[str]) -> None:
        super().__init__(config)
        self._announcement = announcement

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop, and say so to probes on connections that are still open."""
        services = getattr(getattr(self.config.app, "state", None), "services", None)
        if services is not None:
            services.health.begin_draining()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and only then say where."""
        asyncio.get_running_loop().set_exception_handler(report_loop_error)
        await super().startup(sockets)
        if self.started:
            gc.collect()
            gc.freeze()  # what was loaded stays: looking through it again and again costs each request some percent
            for line in self._announcement:
                say(line)


def _run(arguments: argparse.Namespace) -> int:
    from app import bootstrap
    from app.commands.opening import load_settings
    from app.telemetry import log

    settings = load_settings(host=arguments.host, port=arguments.port)
    log.configure(settings.log_level, settings.log_format)
    with _listen(settings) as listener:
        first = asyncio.run(bootstrap.first_start(settings))
        server = _Server(_config(settings, bootstrap.create_app(settings)), _announcement(settings, first, listener))
        # uvicorn raises the signal that stopped it once more when it is done: that is not a failure.
        former = signal.signal(signal.SIGTERM, lambda *_: None)
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            pass
        finally:
            signal.signal(signal.SIGTERM, former)
    if not server.started:
        raise CommandError("The service did not start; the log above says why.")
    tell("Stopped.")
    return Exit.DONE


def _config(settings: Settings, app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="auto",  # uvloop and httptools, which are dependencies wherever they exist
        http="auto",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=max(1, round(settings.shutdown_timeout)),
        backlog=_BACKLOG,
    )


def _listen(settings: Settings) -> socket.socket:
    """Take the port before anything else is done, so that a taken one is said plainly."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "not an address"
        raise CommandError(
            f"Cannot listen on {settings.host} port {settings.port}: {reason}. Choose others with --host and --port."
        ) from None


def _announcement(settings: Settings, first: Any, listener: socket.socket) -> list[str]:
    host, port = listener.getsockname()[:2]
    local = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    public = settings.public_url or f"{local}{settings.root_path}"
    lines = [f"Mailhatch {__version__} listens on {local}", f"Try every call in the browser: {public}/docs"]
    if first.key_file_created:
        lines.append(f"Encryption keys were made: {settings.keys_file}. Back them up apart from the database.")
    if first.admin_token:
        lines.append(f"The admin token, shown this once: {first.admin_token}")
    return lines
