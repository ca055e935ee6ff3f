"""Swagger UI in a real browser, with no internet: every call can be tried as it stands."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from tests.e2e import screenshots
from tests.e2e.docs_page import DocsPage, first_id
from tests.e2e.service import Service
from tests.support.dovecot import Dovecot

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.dovecot,
    pytest.mark.timeout(600),  # a browser on a busy machine
    pytest.mark.asyncio(loop_scope="session"),
]

LETTER = b"""\
From: Mira Lindqvist <mira@example.com>
To: Ana <ana@example.com>
Subject: =?utf-8?q?Pl=C3=A4ne_f=C3=BCr_Freitag?=
Date: Mon, 23 Nov 2026 09:30:00 +0100
Message-ID: <friday@example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Liebe Ana,

um sieben am Brunnen? \xf0\x9f\x8c\xb3
""".replace(b"\n", b"\r\n")

#: By operation: the kind of the id that its answer tells, for the calls after it.
TELLS = {
    "createMailbox": "mbx_",
    "listMessages": "msg_",
    "listThreads": "thr_",
    "uploadMessage": "msg_",
    "moveMessage": "msg_",
    "createWebhook": "whk_",
    "testWebhook": "dlv_",
    "createToken": "",
}
#: The one delivery there is by then is of a test event, which is no event of the log and cannot be sent again: 410.
EXPECTED = {"retryWebhookDelivery": ["410"]}
#: Called after all that reads, and before all that removes.
PUTS_AWAY = {"moveMessage"}
TAKES_A_FILE = {"uploadMessage"}
PLACEHOLDER = re.compile(r"\b(|[a-z]{3}_)paste_one_\w+")


@pytest.fixture(scope="module")
def demo_ana(service: Service, dovecot: Dovecot) -> str:
    """The account that the page's examples name, as `make demo` has it."""
    user = dovecot.add_user()
    user.append(LETTER)
    user.create_mailbox("Archive")
    return service.put_account(user, "demo-ana")


@pytest_asyncio.fixture(loop_scope="session")
async def docs(context: BrowserContext, service: Service, demo_ana: str) -> DocsPage:
    """The page, authorised."""
    page = await DocsPage.open(context, service)
    await page.authorize()
    return page


async def test_a_newcomer_lists_mailboxes_and_reads_a_message(docs: DocsPage, tmp_path: Path) -> None:
    await docs.unfold("listMailboxes")
    assert await docs.parameter("listMailboxes", "account").input_value() == "external:demo-ana"
    mailboxes = await docs.execute("listMailboxes")
    assert mailboxes.status == 200
    assert '"name": "INBOX"' in mailboxes.body
    await docs.fold("listMailboxes")

    await docs.unfold("listMessages")
    assert await docs.parameter("listMessages", "mailbox").input_value() == "inbox"
    page = await docs.execute("listMessages")
    assert page.status == 200
    assert '"subject": "Pläne für Freitag"' in page.body
    await docs.fold("listMessages")

    message = first_id("msg_", page)
    await docs.unfold("getMessage")
    opened = await docs.execute("getMessage", message=message)
    assert opened.status == 200
    assert '"message_id": "friday@example.com"' in opened.body
    await screenshots.keep(docs.operation("getMessage"), tmp_path, "docs-message")
    await docs.fold("getMessage")

    await docs.unfold("getMessageBody")
    body = await docs.execute("getMessageBody", message=message)
    assert body.status == 200
    assert "um sieben am Brunnen? 🌳" in body.body
    await docs.operation("getMessageBody").locator(".live-responses-table").scroll_into_view_if_needed()
    await screenshots.keep(docs.page, tmp_path, "docs-body")

    assert docs.elsewhere == []
    assert docs.errors == []


async def test_the_page_may_ask_nobody_else_and_would_be_seen_to(docs: DocsPage) -> None:
    await docs.page.evaluate("fetch('https://elsewhere.example/').catch(() => null)")
    assert [error for error in docs.errors if "Content Security Policy" in error]
    assert docs.elsewhere == []
    with pytest.raises(PlaywrightError):
        await docs.page.goto("https://elsewhere.example/")
    assert docs.elsewhere == ["https://elsewhere.example/"]


@pytest.mark.timeout(900)  # for each of fifty calls the page resolves the whole document: about 3 s when busy
async def test_every_call_works_as_it_stands(docs: DocsPage, service: Service) -> None:
    document = service.call("GET", "/openapi.json")
    calls = [(method, one) for methods in document["paths"].values() for method, one in methods.items()]
    ids: dict[str, str] = {}
    for _, operation in sorted(calls, key=lambda call: (call[0] == "delete", call[1]["operationId"] in PUTS_AWAY)):
        name = operation["operationId"]
        file = LETTER.decode() if name in TAKES_A_FILE else None
        parameters, body = _parameters(operation, ids), None if file else _body(operation, ids)
        shown = await docs.press(name, parameters, body, file)
        expected = EXPECTED.get(name) or [status for status in operation["responses"] if status < "300"]
        assert str(shown.status) in expected, (name, shown.body)
        if name in TELLS:
            ids[TELLS[name]] = first_id(TELLS[name], shown, "moved_to" if name == "moveMessage" else "id")
    assert set(ids) == set(TELLS.values())
    assert docs.elsewhere == []
    assert [error for error in docs.errors if "status of 410" not in error] == []
    assert len(docs.errors) == len(EXPECTED)


def _parameters(operation: dict[str, Any], ids: dict[str, str]) -> dict[str, str | None]:
    """What nobody could know beforehand: an id where the page asks for one, which an earlier answer told."""
    asked = {one["name"]: str(one.get("example", "")) for one in operation.get("parameters", ())}
    return {name: _with_ids(example, ids) if PLACEHOLDER.search(example) else None for name, example in asked.items()}


def _body(operation: dict[str, Any], ids: dict[str, str]) -> str | None:
    """The first example with ids in it, None if it has no place for any and stands as it is."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        example = json.dumps(next(iter(content["examples"].values()))["value"])
        return _with_ids(example, ids) if PLACEHOLDER.search(example) else None
    return None


def _with_ids(example: str, ids: dict[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: ids[found[1]], example)


async def test_a_download_is_offered_as_a_file(docs: DocsPage, service: Service) -> None:
    page = service.call("GET", "/v1/accounts/external:demo-ana/mailboxes/inbox/messages")
    block = await docs.unfold("getRawMessage")
    await docs.execute("getRawMessage", message=page["items"][0]["id"])
    async with docs.page.expect_download() as pending:
        await block.get_by_role("link", name="Download file").click()
    download = await pending.value
    assert re.search("Subject: .*\r\n", Path(await download.path()).read_bytes().decode())
    assert download.suggested_filename.endswith(".eml")


async def test_a_problem_takes_a_line_and_not_a_screen(docs: DocsPage) -> None:
    block = await docs.unfold("getMessage")
    row = block.locator(".responses-table:not(.live-responses-table) tr.response[data-code='504']")
    assert "upstream_timeout" in await row.inner_text()
    box = await row.bounding_box()
    assert box
    assert box["height"] < 60
