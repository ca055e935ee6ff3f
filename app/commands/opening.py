"""Settings and services for one command."""

import asyncio
import os
import sys
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_settings import SettingsError

from app.commands.exits import CommandError, Exit
from app.commands.output import tell
from app.config import Settings
from app.domain.access import Principal
from app.telemetry import log

if TYPE_CHECKING:  # what it opens takes a second to load, and --help needs none of it
    from app.bootstrap import OpenServices

T = TypeVar("T")


def load_settings(**given: Any) -> Settings:
    """Read the settings; what is `given` on the command line wins. Raises CommandError, and pydantic's errors."""
    path = os.environ.get("MAILHATCH_CONFIG")
    try:
        if path and not Path(path).is_file():  # it would be passed over in silence
            raise CommandError(f"There is no file {path}, which MAILHATCH_CONFIG names.", Exit.USAGE)
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"The file in MAILHATCH_CONFIG is not TOML: {error}.", Exit.USAGE) from None
    except OSError as error:
        raise CommandError(f"The file in MAILHATCH_CONFIG cannot be read: {error.strerror}.", Exit.USAGE) from None
    except SettingsError:  # its text would quote the value
        raise CommandError("A setting cannot be read; lists are written with commas.", Exit.USAGE) from None


def with_services(work: "Callable[[OpenServices, Principal], Awaitable[T]]", settings: Settings | None = None) -> T:
    """Open the services of this machine, do `work` with them as the local operator, and close them."""
    from app import bootstrap

    settings = settings or load_settings()
    log.configure("debug" if settings.log_level == "debug" else "warning", "text")

    if settings.database_url is None and not (settings.data_dir / "mailhatch.db").exists():
        tell(f"There is no database in {settings.data_dir.absolute()} yet: a new one is made, with keys of its own.")

    async def run() -> T:
        async with bootstrap.open_services(settings) as services:
            return await work(services, bootstrap.LOCAL_ADMIN)

    return asyncio.run(run())


def is_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()
