"""What surrounds a request, where the framework's own client cannot go."""

import logging

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from app.rest.middleware import RequestFrame


async def reads_all(scope: Scope, receive: Receive, _: Send) -> None:
    await Request(scope, receive).body()


async def test_an_upload_that_is_broken_off_is_no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    pending: list[Message] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return pending.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/x", "headers": [], "app": Starlette()}
    with caplog.at_level(logging.INFO):
        await RequestFrame(reads_all)(scope, receive, send)
    assert not sent
    assert [(one.levelname, one.__dict__.get("status")) for one in caplog.records] == [("INFO", 499)]
