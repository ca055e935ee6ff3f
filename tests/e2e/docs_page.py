"""Swagger UI at /docs, used as a person would: authorise, open a call, fill in what must be, press Execute."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, Route

from tests.e2e.service import PATIENCE, Service

#: Opens an operation, pastes, presses Execute, and tells what is shown, in the page itself: a step asked from outside
#: waits for the page to hold still first, which on a busy machine takes longer than all the rest.
_PRESS = """
async ({ name, parameters, body, file, patience }) => {
    const within = (selector) => document.querySelector(`.opblock[id$='-${name}'] ${selector}`);
    const shown = (selector) => new Promise((resolve, reject) => {
        const look = () => {
            const found = within(selector);
            if (!found) return;
            observer.disconnect();
            clearTimeout(timer);
            resolve(found);
        };
        const observer = new MutationObserver(look);
        const timer = setTimeout(() => {
            observer.disconnect();
            const invalid = [...document.querySelectorAll(".invalid")].map((one) => one.outerHTML);
            reject(new Error(`${name} shows no ${selector}; invalid: ${invalid}`));
        }, patience);
        observer.observe(document.body, { childList: true, subtree: true });
        look();
    });
    const settled = async () => {
        for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    };
    const paste = (input, value) => {
        // React hears of a change only where the element's own setter made it.
        Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), "value").set.call(input, value);
        input.dispatchEvent(new Event("input", { bubbles: true }));
        input.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
    };
    within(".opblock-summary-control").click();
    await shown(".execute");
    for (const parameter of Object.keys(parameters))
        await shown(`tr[data-param-name='${parameter}'] :is(input, select)`);
    if (body !== null) await shown("textarea.body-param__text");
    await settled(); // the examples are filled in after the first rendering
    for (const [parameter, value] of Object.entries(parameters))
        if (value !== null) paste(within(`tr[data-param-name='${parameter}'] input`), value);
    if (body !== null) paste(within("textarea.body-param__text"), body);
    if (file !== null) {
        const chosen = new DataTransfer();
        chosen.items.add(new File([file], "file"));
        const chooser = await shown("input[type=file]");
        chooser.files = chosen.files;
        chooser.dispatchEvent(new Event("change", { bubbles: true }));
    }
    await settled();
    within(".execute").click();
    const status = await shown(".live-responses-table tbody tr .response-col_status");
    const told = within(".live-responses-table tbody tr .response-col_description").innerText;
    const answer = [parseInt(status.innerText), told];
    within(".opblock-summary-control").click();
    return answer;
}
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of an answer: the status, and the body as text."""

    status: int
    body: str


@dataclass
class DocsPage:
    """The open page. `elsewhere` are addresses of others that it asked for, `errors` what the console told."""

    page: Page
    service: Service
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, context: BrowserContext, service: Service) -> Self:
        """Open the page where nothing but the service can be reached."""
        docs = cls(await context.new_page(), service)
        docs.page.set_default_timeout(PATIENCE * 1000)
        docs.page.on("console", docs._told)
        docs.page.on("pageerror", lambda error: docs.errors.append(str(error)))
        await context.route("**/*", docs._ask)
        await docs.page.goto(f"{service.url}/docs")
        return docs

    async def authorize(self) -> None:
        """Paste the token into Authorize."""
        await self.page.get_by_role("button", name="Authorize").click()
        dialog = self.page.locator(".dialog-ux")
        await dialog.get_by_role("textbox").fill(self.service.token)
        await dialog.get_by_role("button", name="Apply credentials").click()
        await dialog.get_by_role("button", name="Close").click()

    def operation(self, name: str) -> Locator:
        """The block of one operation, by its operationId."""
        return self.page.locator(f".opblock[id$='-{name}']")

    async def unfold(self, name: str) -> Locator:
        """Open the block of an operation, and return it."""
        block = self.operation(name)
        await block.locator(".opblock-summary-control").click()
        await block.get_by_role("button", name="Execute").wait_for()
        return block

    async def fold(self, name: str) -> None:
        """Close the block of an operation."""
        block = self.operation(name)
        await block.locator(".opblock-summary-control").click()
        await block.locator(".opblock-body").wait_for(state="detached")

    async def execute(self, name: str, **pasted: str) -> Shown:
        """Press Execute in an open block, after pasting into the parameters that are named here."""
        block = self.operation(name)
        for parameter, value in pasted.items():
            await self.parameter(name, parameter).fill(value)
        await block.get_by_role("button", name="Execute").click()
        answer = block.locator(".live-responses-table tbody tr").first
        status = await answer.locator(".response-col_status").inner_text()
        body = await answer.locator(".response-col_description").inner_text()
        return Shown(int(status.split()[0]), body)

    async def press(
        self, name: str, parameters: dict[str, str | None], body: str | None = None, file: str | None = None
    ) -> Shown:
        """Open a block, press Execute and close it, after pasting into the parameters and the body.

        `parameters` has all that the block shows; None leaves what the page has filled in, as it does for the body.
        `file` is the text of a file to choose as the body.
        """
        given: dict[str, object] = {"name": name, "parameters": parameters, "body": body, "file": file}
        status, told = await self.page.evaluate(_PRESS, given | {"patience": PATIENCE * 1000})
        return Shown(status, told)

    def parameter(self, operation: str, name: str) -> Locator:
        """The input of one parameter."""
        return self.operation(operation).locator(f"tr[data-param-name='{name}'] :is(input, select)")

    async def _ask(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(self.service.url).netloc:
            await route.continue_()
            return
        self.elsewhere.append(route.request.url)
        await route.abort()

    def _told(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)


def first_id(prefix: str, shown: Shown, field: str = "id") -> str:
    """Read the first id of this kind from an answer, as a person would copy it."""
    found = re.search(rf'"{field}": "({prefix}[\w-]+)"', shown.body)
    assert found, shown.body
    return found[1]
