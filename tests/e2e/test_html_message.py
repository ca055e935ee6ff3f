"""A frontend on another origin shows an HTML message: inline images through signed links, and nothing else."""

import base64
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.e2e import screenshots
from tests.e2e.frontend import Frontend
from tests.e2e.newsletter import BLUE, HTML, MENU, MENU_NAME, RED, SIZE, TRACKER, newsletter
from tests.e2e.service import PATIENCE, Service
from tests.support.dovecot import Dovecot

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.dovecot,
    pytest.mark.timeout(600),  # a browser on a busy machine
    pytest.mark.asyncio(loop_scope="session"),
]

#: Milliseconds the browser may take for one step.
STEP = PATIENCE * 1000

#: Counts the pixels of a picture that have one colour.
COUNT_PIXELS = """
async ([picture, colour]) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
  canvas.drawImage(image, 0, 0);
  const {data} = canvas.getImageData(0, 0, image.width, image.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (colour.every((value, channel) => data[at + channel] === value)) count++;
  }
  return count;
}
"""


@pytest.fixture(scope="module")
def shown(service: Service, dovecot: Dovecot) -> dict[str, str]:
    """What the frontend is told: the newsletter of one account, and a token that may read that account alone."""
    user = dovecot.add_user()
    user.append(newsletter())
    account = service.put_account(user, "reader")
    scopes = ["mail.meta.read", "mail.body.read"]
    token = service.call("POST", "/v1/tokens", {"name": "frontend", "scopes": scopes, "accounts": [account]})["token"]
    page = service.call("GET", f"/v1/accounts/{account}/mailboxes/inbox/messages")
    return {"service": service.url, "token": token, "account": account, "message": page["items"][0]["id"]}


@pytest.fixture
def asked() -> list[str]:
    """Addresses of strangers that the page asked for."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, service: Service, frontend: Frontend, asked: list[str]) -> Page:
    """A window in which only the frontend and the service can be reached."""

    async def ask(route: Route) -> None:
        if route.request.url.startswith((f"{service.url}/", f"{frontend.origin}/")):
            await route.continue_()
            return
        asked.append(route.request.url)
        await route.abort()

    await context.route("**/*", ask)
    window = await context.new_page()
    window.set_default_timeout(STEP)
    return window


async def images_are_rendered(page: Page) -> Locator:
    """Wait until both inline images are there in full size, and return the frame's element."""
    images = page.frame_locator("iframe").locator("img[src^='http']")
    await expect(images).to_have_count(2, timeout=STEP)
    for number in range(2):
        await expect(images.nth(number)).to_have_js_property("complete", True, timeout=STEP)
        await expect(images.nth(number)).to_have_js_property("naturalWidth", SIZE[0], timeout=STEP)
    return page.locator("iframe")


async def test_inline_images_are_shown_in_a_sandbox_on_another_origin(
    page: Page, frontend: Frontend, shown: dict[str, str], asked: list[str], tmp_path: Path
) -> None:
    await page.goto(frontend.address(**shown))
    await expect(page.locator("h1")).to_have_text("The bakery opens on Friday", timeout=STEP)
    frame = await images_are_rendered(page)
    assert await frame.get_attribute("sandbox") == ""
    assert await page.frames[1].evaluate("window.origin") == "null"
    picture = await screenshots.keep(page, tmp_path, "html-message")
    for colour in (RED, BLUE):
        seen = await page.evaluate(COUNT_PIXELS, [base64.b64encode(picture).decode(), colour])
        assert seen == SIZE[0] * SIZE[1]
    assert asked == []
    assert await page.evaluate("window.heard") == []


async def test_a_frontend_that_forgets_the_sandbox_is_safe_as_well(
    page: Page, frontend: Frontend, shown: dict[str, str], asked: list[str]
) -> None:
    await page.goto(frontend.address(**shown, sandbox="off"))
    await images_are_rendered(page)
    assert asked == []
    assert await page.evaluate("window.heard") == []


async def test_the_same_message_does_harm_when_nothing_is_cleaned(
    page: Page, frontend: Frontend, asked: list[str]
) -> None:
    await page.goto(frontend.address(sandbox="off"))
    async with page.expect_request(TRACKER):
        await page.evaluate("html => { frame.srcdoc = html }", HTML)
    await page.wait_for_function("window.heard.length === 3")
    assert TRACKER in asked


async def test_what_was_left_out_is_told(service: Service, shown: dict[str, str]) -> None:
    body = service.call("GET", f"/v1/accounts/{shown['account']}/messages/{shown['message']}/body")
    assert {"kind": "image", "url": TRACKER} in body["blocked"]
    assert "postMessage" not in body["html"]
    assert "the first loaves" in body["text"]


async def test_an_attachment_is_downloaded_by_a_plain_link(
    page: Page, frontend: Frontend, shown: dict[str, str]
) -> None:
    await page.goto(frontend.address(**shown))
    link = page.locator("#attachments a")
    await expect(link).to_have_text(MENU_NAME, timeout=STEP)
    async with page.expect_download() as pending:
        await link.click()
    download = await pending.value
    assert download.suggested_filename == MENU_NAME
    assert Path(await download.path()).read_bytes() == MENU
    assert page.url.startswith(frontend.origin)  # the page stays where it is

    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as anybody:
        answer = await anybody.get(download.url)
        assert answer.headers["content-disposition"].startswith("attachment; ")
        changed = await anybody.get(_last_changed(download.url))
        assert changed.status_code == 401


def _last_changed(url: str) -> str:
    return url[:-1] + ("A" if url[-1] != "A" else "B")
