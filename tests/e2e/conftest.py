"""A real browser: Debian's Chromium, driven by Playwright, with a profile of its own and no errands of its own."""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.e2e import frontend as frontends
from tests.e2e import service as services
from tests.e2e.frontend import Frontend
from tests.e2e.service import Service
from tests.support.requirements import missing

ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # containers have little of it
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the session. Tests that use it carry `pytest.mark.asyncio(loop_scope="session")`."""
    executable = shutil.which("chromium")
    if executable is None:
        missing("Chromium is not installed (Debian: chromium).")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=executable, headless=True, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh window: no cookies, no cache."""
    fresh = await browser.new_context()
    yield fresh
    await fresh.close()


@pytest.fixture(scope="session")
def frontend() -> Iterator[Frontend]:
    """A frontend on an origin of its own, which the service lets in."""
    with frontends.serving() as served:
        yield served


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, frontend: Frontend) -> Iterator[Service]:
    """The service as a process of its own; one for the session."""
    with services.running(tmp_path_factory.mktemp("service"), frontend.origin) as running:
        yield running
