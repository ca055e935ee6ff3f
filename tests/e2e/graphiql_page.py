"""GraphiQL at /graphql, used as a person would: paste the token under Headers, press Execute, read the answer."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Page, Route

from tests.e2e.service import PATIENCE, Service


@dataclass
class GraphiQLPage:
    """The open page. `elsewhere` are addresses of others that it asked for, `errors` what the console told."""

    page: Page
    service: Service
    elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, context: BrowserContext, service: Service) -> Self:
        """Open the page where nothing but the service can be reached."""
        graphiql = cls(await context.new_page(), service)
        graphiql.page.set_default_timeout(PATIENCE * 1000)
        graphiql.page.on("console", graphiql._told)
        graphiql.page.on("pageerror", lambda error: graphiql.errors.append(str(error)))
        await context.route("**/*", graphiql._ask)
        await graphiql.page.goto(f"{service.url}/graphql")
        await graphiql.page.locator(".graphiql-query-editor .view-line").first.wait_for()
        return graphiql

    async def authorize(self) -> None:
        """Write the token under Headers in place of the placeholder, and wait for the schema it lets one see."""
        async with self.page.expect_response(
            lambda answer: "IntrospectionQuery" in (answer.request.post_data or "") and answer.status == 200
        ):
            await self._write("Headers", f'{{"Authorization": "Bearer {self.service.token}"}}')

    async def set_variables(self, text: str) -> None:
        """Write the variables."""
        await self._write("Variables", text)

    async def execute(self) -> int:
        """Press Execute; return the status of the answer, once it is shown."""
        async with self.page.expect_response(
            lambda answer: answer.request.method == "POST" and "Introspection" not in (answer.request.post_data or "")
        ) as pending:
            await self.page.get_by_role("button", name="Execute query").click()
        status = (await pending.value).status
        await self.page.locator(".result-window .view-line", has_text="{").first.wait_for()
        return status

    async def shown(self) -> str:
        """What the answer's window shows, as far as the window goes."""
        text = await self.page.locator(".result-window .view-lines").inner_text()
        return text.replace("\xa0", " ")

    async def paste(self, text: str) -> None:
        """Paste, because the editor closes brackets and quotes that are typed."""
        await self.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self.service.url)
        await self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        await self.page.keyboard.press("Control+V")

    async def _write(self, tool: str, text: str) -> None:
        await self.page.get_by_role("button", name=tool, exact=True).click()
        editor = self.page.locator(".graphiql-editor-tool [class*='graphiql-editor']:visible .view-lines")
        await editor.first.click()
        await self.page.keyboard.press("Control+A")
        await self.paste(text)

    async def _ask(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(self.service.url).netloc:
            await route.continue_()
            return
        self.elsewhere.append(route.request.url)
        await route.abort()

    def _told(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)
