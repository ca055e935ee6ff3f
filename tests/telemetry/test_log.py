import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.domain.errors import UpstreamRejected
from app.security.tokens import new_token
from app.telemetry import log
from app.telemetry.log import JsonFormatter, TextFormatter, configure, current_request_id, report_loop_error
from app.telemetry.redact import redacted

_, TOKEN = new_token()
SECRET = TOKEN.rpartition("_")[2]
_log = logging.getLogger("tests.log")

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """Where the lines go; the loggers are as before when the test ends."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    names = [*log._TALKATIVE, *log._UVICORN]
    levels = {name: logging.getLogger(name).level for name in names}
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in names:
        logging.getLogger(name).setLevel(levels[name])


@pytest.fixture
def lines(output: io.StringIO) -> Lines:
    configure("info", "json", output)
    return lambda: [json.loads(line) for line in output.getvalue().splitlines()]


def _record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    return _log.makeRecord(_log.name, logging.INFO, __file__, 1, message, args, None, extra=extra)


def test_a_line_has_time_level_logger_message_and_extras(lines: Lines) -> None:
    _log.warning("logged in to %s", "imap.example.com", extra={"seconds": 0.5, "account": "acc_1"})
    (line,) = lines()
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "tests.log",
        "message": "logged in to imap.example.com",
        "seconds": 0.5,
        "account": "acc_1",
    }


def test_the_request_id_is_on_every_line_of_its_task_alone(lines: Lines) -> None:
    token = log.set_request_id("req-1")
    _log.info("inside")
    assert current_request_id() == "req-1"
    log.reset_request_id(token)
    _log.info("outside")
    assert [line.get("request_id") for line in lines()] == ["req-1", None]


def test_the_level_holds_and_configuring_twice_prints_once(output: io.StringIO, lines: Lines) -> None:
    configure("warning", "json", output)
    _log.info("not this")
    _log.warning("this")
    assert [line["message"] for line in lines()] == ["this"]


def test_without_a_stream_it_is_standard_error(output: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "json")
    _log.info("here")
    assert json.loads(capsys.readouterr().err)["message"] == "here"


def test_uvicorn_goes_the_same_way(output: io.StringIO, lines: Lines) -> None:
    logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler(io.StringIO()))
    configure("info", "json", output)
    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\x1b[1mStarted"})
    (line,) = lines()
    assert (line["logger"], line["message"]) == ("uvicorn.error", "Started")
    assert "color_message" not in line


def test_libraries_that_print_values_stay_at_warning(output: io.StringIO, lines: Lines) -> None:
    configure("debug", "json", output)
    for name in ("sqlalchemy.engine.Engine", "aiosqlite", "imapclient.imaplib", "python_multipart.multipart"):
        logging.getLogger(name).info("INSERT ... ('password')")
        logging.getLogger(name).debug("password")
    assert lines() == []


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"token={TOKEN}&x=1",
        f"Authorization: Bearer {TOKEN}",
        f"(b'authorization', b'Bearer {SECRET}')",
        f"{{'Authorization': 'Basic {SECRET}'}}",
        f"authorization={SECRET}",
        f"AUTHORIZATION: {SECRET}",
        f"header was bearer {SECRET}",
        f"GET /v1/parts/2?token=abc&signature={SECRET}&expires=1 HTTP/1.1",
        f"postgresql+asyncpg://mailhatch:{SECRET}@db/mail",
    ],
    ids=count(),  # the texts differ from run to run, and names must not
)
def test_what_looks_like_a_secret_is_hidden_everywhere(text: str, lines: Lines) -> None:
    _log.info("got %s", text, extra={"field": text, "nested": {"list": [text]}})
    _log.info(text)
    _log.error("failed", exc_info=UpstreamRejected(text))
    printed = json.dumps(lines())
    assert len(lines()) == 3
    assert SECRET not in printed
    assert "***" in printed


def test_the_id_of_a_token_stays_to_find_its_row() -> None:
    assert redacted(TOKEN) == f"mh_{TOKEN.split('_')[1]}_***"


def test_ordinary_text_is_left_alone() -> None:
    for text in ("opened https://example.com/a?b=c", "basic auth", "mh_ is our prefix", "the bearer came", "a:b@c"):
        assert redacted(text) == text


class SecretThing:
    def __str__(self) -> str:
        return "hidden"

    __repr__ = __str__


class Mail:
    """Its text is somebody's mail."""

    def __str__(self) -> str:
        raise AssertionError("a logger must not ask")

    __repr__ = __str__


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (SecretStr("hidden"), "***"),
        (SecretThing(), "***"),
        (b"hidden", "<6 bytes>"),
        (bytearray(b"hidden"), "<6 bytes>"),
        (Mail(), "<Mail>"),
        (ValueError("hidden"), "ValueError"),
        (UpstreamRejected("The server said no."), "The server said no."),
        (Colour.RED, "red"),
        (Path("/tmp/x"), "/tmp/x"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (10**100, "<int>"),
        (None, None),
        (True, True),
        (("a", b"hidden", [SecretStr("hidden")]), ["a", "<6 bytes>", ["***"]]),
        (
            {"password": "hidden", "Set-Cookie": "hidden", "user": "u"},
            {"password": "***", "Set-Cookie": "***", "user": "u"},
        ),
        ([[[["deep"]]]], [[["<list>"]]]),
    ],
)
def test_extras_say_what_is_safe(value: object, printed: object) -> None:
    assert json.loads(JsonFormatter().format(_record("x", field=value)))["field"] == printed


@pytest.mark.parametrize("value", [SecretStr("hidden"), SecretThing(), b"hidden", Mail(), ValueError("hidden")])
def test_arguments_of_the_message_say_what_is_safe(value: object) -> None:
    for form in ("%s", "%r"):
        line = JsonFormatter().format(_record(f"got {form}", value))
        assert "got" in line
        assert "hidden" not in line


def test_an_extra_named_like_a_secret_is_hidden_and_one_named_like_ours_moves() -> None:
    line = json.loads(JsonFormatter().format(_record("x", password="hidden", level=3, stack="mine")))
    assert line["password"] == "***"
    assert (line["level"], line["level_"], line["stack_"]) == ("info", 3, "mine")


def test_numbers_stay_numbers_for_the_format() -> None:
    assert json.loads(JsonFormatter().format(_record("%d of %.1f", 3, 2.5)))["message"] == "3 of 2.5"
    record = _record("%(n)d", {"n": 4})
    assert json.loads(JsonFormatter().format(record))["message"] == "4"


def test_arguments_that_do_not_fit_are_no_crash_and_no_leak() -> None:
    for message, args in (("%d", ("hidden",)), ("%s %s", ("hidden",)), ("plain", ("hidden",))):
        line = json.loads(JsonFormatter().format(_record(message, *args)))["message"]
        assert "do not fit" in line
        assert "hidden" not in line


def test_an_exception_tells_its_type_and_place_and_not_what_it_quotes(lines: Lines) -> None:
    def decode() -> None:
        int("dear colleague")

    try:
        try:
            decode()
        except ValueError as error:
            raise KeyError("my mail") from error
    except KeyError:
        _log.exception("could not read")
    (line,) = lines()
    assert line["stack"].startswith("KeyError < ValueError | ")
    assert "test_log.py" in line["stack"]
    assert "dear colleague" not in json.dumps(line)
    assert "my mail" not in json.dumps(line)


def test_errors_of_ours_and_of_the_system_tell_their_sentence(lines: Lines) -> None:
    inner = [OSError(28, "No space left on device"), UpstreamRejected("No.")]
    _log.error("failed", exc_info=ExceptionGroup("dear colleague", inner))
    (line,) = lines()
    assert line["stack"].startswith("ExceptionGroup(OSError: No space left on device, UpstreamRejected: No.) | ")


def test_a_chain_that_bites_its_tail_ends(lines: Lines) -> None:
    error = ValueError()
    cause = KeyError()
    error.__cause__, cause.__cause__ = cause, error
    _log.error("failed", exc_info=error)
    assert lines()[0]["stack"] == "ValueError < KeyError | "


def test_deep_recursion_makes_a_bounded_line(lines: Lines) -> None:
    def deeper() -> None:
        deeper()

    try:
        deeper()
    except RecursionError:
        _log.exception("x" * 100_000, extra={"field": "y" * 100_000, "list": list(range(10_000))})
    (line,) = lines()
    assert len(line["message"]) <= 2048
    assert len(line["field"]) <= 2048
    assert len(line["list"]) == 50
    assert len(line["stack"]) < 10_000


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_breaks_the_line(message: str, extra: str) -> None:
    """Log injection: a client's text must not begin a line of its own, nor fail to be written."""
    for formatter in (JsonFormatter(), TextFormatter()):
        line = formatter.format(_record("%s", message, field=extra))
        assert len(line.splitlines()) == 1
        line.encode("utf-8")


def test_the_text_format_is_for_people(output: io.StringIO) -> None:
    configure("info", "text", output)
    _log.info("grüße\nnext", extra={"account": "acc_1"})
    line = output.getvalue()
    assert line.endswith(' INFO    tests.log: grüße\\nnext account="acc_1"\n')
    assert line[2] == line[5] == ":"


async def test_what_nobody_awaited_is_logged_without_its_text(lines: Lines) -> None:
    report_loop_error(
        asyncio.get_running_loop(),
        {"message": "Task exception was never retrieved", "exception": ValueError("my mail"), "future": Mail()},
    )
    (line,) = lines()
    assert line["message"] == "Task exception was never retrieved"
    assert line["stack"].startswith("ValueError")
    assert "my mail" not in json.dumps(line)
