"""GraphiQL in a real browser, with no internet: the inbox screen as a newcomer first sees it."""

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext

from app.graphql.page import pack
from tests.e2e import screenshots
from tests.e2e.graphiql_page import GraphiQLPage
from tests.e2e.service import Service
from tests.e2e.test_docs_page import LETTER
from tests.support.dovecot import Dovecot
from tests.support.npm import is_unreachable
from tests.support.requirements import missing

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.dovecot,
    pytest.mark.timeout(900),  # npm and a browser on a busy machine
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.fixture(scope="module")
def assets() -> None:
    """The page's files, packed as `make assets` does."""
    try:
        pack.pack()
    except pack.CannotPackError as error:
        if is_unreachable(str(error)):
            missing("npm's registry cannot be reached, which GraphiQL's files are packed from.")
        raise


@pytest_asyncio.fixture(loop_scope="session")
async def graphiql(assets: None, context: BrowserContext, service: Service, dovecot: Dovecot) -> GraphiQLPage:
    """The page, before anything is typed, and an account of the name its variables have."""
    user = dovecot.add_user()
    await asyncio.to_thread(user.append, LETTER)
    await asyncio.to_thread(service.put_account, user, "demo-ana")
    return await GraphiQLPage.open(context, service)


async def test_a_newcomer_pastes_the_token_and_sees_the_inbox(graphiql: GraphiQLPage, tmp_path: Path) -> None:
    await graphiql.page.set_viewport_size({"width": 1600, "height": 1400})
    await graphiql.authorize()
    assert await graphiql.execute() == 200
    shown = await graphiql.shown()
    await screenshots.keep(graphiql.page, tmp_path, "graphiql-inbox")
    assert '"subject": "Pläne für Freitag"' in shown
    assert '"preview": "Liebe Ana, um sieben am Brunnen?' in shown
    assert graphiql.elsewhere == []
    assert graphiql.errors == []


async def test_the_token_is_not_kept_by_the_browser(graphiql: GraphiQLPage) -> None:
    await graphiql.authorize()
    assert await graphiql.execute() == 200
    kept = await graphiql.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "Inbox" in kept  # the query is
    assert graphiql.service.token not in kept


async def test_without_a_token_the_page_says_what_is_missing(graphiql: GraphiQLPage) -> None:
    assert await graphiql.execute() == 401
    assert '"code": "unauthorized"' in await graphiql.shown()
    assert graphiql.elsewhere == []


async def test_the_page_may_ask_nobody_else(graphiql: GraphiQLPage) -> None:
    await graphiql.page.evaluate("fetch('https://elsewhere.example/').catch(() => null)")
    assert [error for error in graphiql.errors if "Content Security Policy" in error]
    assert graphiql.elsewhere == []


async def test_a_word_of_the_schema_is_completed_and_a_wrong_one_marked(graphiql: GraphiQLPage) -> None:
    await graphiql.authorize()
    await graphiql.page.locator(".graphiql-query-editor .view-lines").first.click()
    await graphiql.page.keyboard.press("Control+A")
    await graphiql.paste("{ accounts { nonsense } }")
    await graphiql.page.locator(".graphiql-query-editor .squiggly-error").first.wait_for()
    assert graphiql.errors == []
