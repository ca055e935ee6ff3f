"""Logs on the standard library: one line an event, as JSON or text, with the request's id and without secrets.

What an exception says is not printed, only its type and where it rose: texts of foreign exceptions quote what they
choked on, and that may be mail. Our own errors are made to be shown.
"""

import asyncio
import json
import logging
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from app.domain.errors import MailhatchError
from app.telemetry.limits import MAX_STACK
from app.telemetry.redact import named, plain, redacted

#: Id of the request this task works for; None outside any.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_OURS = ("ts", "level", "logger", "message", "request_id", "stack")

#: Loggers that print statements with their values, or mail, when asked for more than warnings.
_TALKATIVE = ("sqlalchemy", "aiosqlite", "asyncpg", "imapclient", "python_multipart", "httpcore", "httpx", "pymap")
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")

_log = logging.getLogger(__name__)


def set_request_id(value: str) -> Token[str | None]:
    """Give the current task its request id; the answer undoes it."""
    return request_id.set(value)


def reset_request_id(token: Token[str | None]) -> None:
    """Undo `set_request_id`."""
    request_id.reset(token)


def current_request_id() -> str | None:
    """Return the id of the request this task works for; None outside any."""
    return request_id.get()


def configure(
    level: str,
    format: str = "json",  # noqa: A002 - the setting's word
    stream: TextIO | None = None,
) -> None:
    """Send every logger to standard error in one format, uvicorn's too. Calling again replaces what was before.

    `level` is debug, info, warning or error; `format` is json or text. `stream` takes the place of
    standard error. Libraries that would print values of statements or mail stay at warning.
    """
    handler = _Output(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root = logging.getLogger()
    for former in [one for one in root.handlers if isinstance(one, _Output)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _UVICORN:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def report_loop_error(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:  # noqa: ARG001 - its place
    """Log what nobody awaited, for `loop.set_exception_handler`; asyncio's own way prints what the exception says."""
    error = context.get("exception")
    _log.error("%s", context.get("message", "an error in the event loop"), exc_info=error)


class _Output(logging.StreamHandler[Any]):
    """Our handler, told apart from others on the root logger."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `ts` (ISO 8601, UTC), `level`, `logger`, `message`, `request_id`, extras, `stack`."""

    def format(self, record: logging.LogRecord) -> str:
        """Spell a record. ASCII alone, so that no text can break the line or its encoding."""
        return json.dumps(_fields(record), separators=(",", ":"))


class TextFormatter(logging.Formatter):
    """The same on a line for people: time, level, logger, message, then `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Spell a record."""
        fields = _fields(record)
        head = f"{str(fields.pop('ts'))[11:23]} {str(fields.pop('level')).upper():7} {fields.pop('logger')}: "
        message = str(fields.pop("message"))
        tail = "".join(f" {name}={json.dumps(value)}" for name, value in fields.items())
        return head + "".join(char if char.isprintable() else repr(char)[1:-1] for char in message) + tail


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields: dict[str, object] = {
        "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _message(record),
    }
    current = request_id.get()
    if current is not None:
        fields["request_id"] = redacted(current)
    for name, value in vars(record).items():
        if name not in _STANDARD:
            fields[f"{name}_" if name in _OURS else name] = named(name, value)
    if record.exc_info and record.exc_info[0] is not None:
        fields["stack"] = _stack(record.exc_info[1], record.exc_info[2])
    return fields


def _message(record: logging.LogRecord) -> str:
    text, args = str(record.msg), record.args
    try:
        if isinstance(args, Mapping):
            text %= {name: plain(value) for name, value in args.items()}
        elif args:
            text %= tuple(plain(value) for value in args)
    except (TypeError, ValueError, KeyError):
        text += " (its arguments do not fit)"
    return redacted(text)


def _stack(error: BaseException | None, trace: TracebackType | None) -> str:
    """Tell on one line where an exception rose, outermost frame first, and the chain of causes by type."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
    names: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        names.append(_named_error(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{' < '.join(names)[:MAX_STACK]} | {' > '.join(frames)[-MAX_STACK:]}"


def _named_error(error: BaseException) -> str:
    name = type(error).__qualname__
    if isinstance(error, MailhatchError):
        return f"{name}: {redacted(error.detail)}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {redacted(str(error.strerror))}"
    if isinstance(error, BaseExceptionGroup):
        return f"{name}({', '.join(_named_error(one) for one in error.exceptions[:5])})"
    return name
