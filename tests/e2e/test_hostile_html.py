"""Hostile HTML, cleaned and shown by a real browser: nothing runs, nothing is asked of the network.

The same judge on the same HTML, not cleaned, must object: else its silence would mean nothing.
"""

import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext

from app.mime.html import clean
from tests.e2e.judge import Judge
from tests.e2e.payloads import REQUESTS, SCRIPTS

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="session")]

#: Inline images are shown through signed links on the service's own host.
INLINE = "http://mail.test/signed/"
CORPUS = Path(__file__).parents[3] / "shared" / "corpora" / "html-payloads" / "payloads.json"
#: Documents shown on one page; when a page fails, each is judged alone to name the culprit.
BATCH = 25

ORDINARY = """
<div style="background-color:#eee;padding:8px"><table width="600"><tr><td bgcolor="#ffffff">
<h1>News</h1><p style="color:red">Hello <b>reader</b>, <a href="https://shop.example/?a=1&amp;b=2">look</a> or
<a href="mailto:a@b.example">write</a>.</p><img src="cid:logo@shop" alt="logo"></td></tr></table></div>
"""


@pytest_asyncio.fixture(loop_scope="session")
async def judge(context: BrowserContext) -> Judge:
    return await Judge.open(context, allowed=[INLINE])


def cleaned(html: str) -> str:
    return clean(html, lambda content_id: INLINE + quote(content_id, safe="")).html


async def harmful(judge: Judge, documents: Sequence[str]) -> dict[str, str]:
    """Tell which documents did harm, and what."""
    found = {}
    pending = iter(documents)
    while batch := list(islice(pending, BATCH)):
        if (await judge.judge(*batch)).is_harmless:
            continue
        for document in batch:
            verdict = await judge.judge(document)
            if not verdict.is_harmless:
                found[document] = str(verdict)
    return found


async def test_the_judge_sees_every_script_when_nothing_is_cleaned(judge: Judge) -> None:
    unseen = [name for name, html in SCRIPTS.items() if not (await judge.judge(html)).ran]
    assert unseen == []


async def test_the_judge_sees_every_request_when_nothing_is_cleaned(judge: Judge) -> None:
    unseen = [name for name, html in REQUESTS.items() if not (await judge.judge(html)).asked]
    assert unseen == []


async def test_no_script_runs_and_no_request_leaves(judge: Judge) -> None:
    documents = [cleaned(html) for html in (*SCRIPTS.values(), *REQUESTS.values())]
    assert await harmful(judge, documents) == {}


async def test_an_ordinary_newsletter_stays_and_shows_its_inline_image(judge: Judge) -> None:
    html = cleaned(ORDINARY)
    assert (await judge.judge(html)).is_harmless
    for kept in ("<h1>News</h1>", "https://shop.example/?a=1&amp;b=2", "mailto:a@b.example", INLINE + "logo%40shop"):
        assert kept in html


async def test_published_payloads_do_no_harm(judge: Judge) -> None:
    published = corpus()
    assert await harmful(judge, [cleaned(html) for html in published]) == {}


async def test_published_payloads_do_harm_when_nothing_is_cleaned(judge: Judge) -> None:
    # Many were written for browsers long gone; a fifth of a sample is far below what still works.
    sample = corpus()[::8]
    works = [html for html in sample if not (await judge.judge(html)).is_harmless]
    assert len(works) > len(sample) / 5


def corpus() -> list[str]:
    if not CORPUS.exists():
        pytest.skip("The published payloads are not beside this checkout.")
    return [entry["html"] for entry in json.loads(CORPUS.read_text("utf-8"))]
