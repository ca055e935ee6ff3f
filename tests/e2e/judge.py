"""Chromium as the judge of HTML: shows it, provokes it, and tells what ran and what was asked of the network."""

from collections.abc import Iterable
from dataclasses import dataclass

from playwright.async_api import BrowserContext, Page, Route
from playwright.async_api import Error as PlaywrightError

#: Where the HTML under judgement is shown; nothing answers there but the judge.
PAGE = "http://mail.test/shown"

#: Runs before anything of the page. A script that wants to be noticed calls a dialog; one that does not is still seen,
#: because the page is served with a report-only policy that forbids every script and reports each attempt.
WATCH = """
window.judgement = [];
for (const name of ['alert', 'confirm', 'prompt', 'print']) {
  window[name] = () => { window.judgement.push('called ' + name); };
}
document.addEventListener('securitypolicyviolation', event => {
  window.judgement.push('script by ' + event.effectiveDirective);
});
"""

#: Does what a reader and a frontend might: puts the HTML into a page by `innerHTML`, once and again as read back (what
#: a sanitiser understood otherwise than the browser comes out here), calls every handler, sends every event that could
#: start one, and looks where links lead.
PROVOKE = """
async documents => {
  const found = [];
  // The browser's own reading of an address decides: it drops tabs and line breaks, and knows what a scheme is.
  const scripted = value => {
    try {
      const {protocol, pathname} = new URL(value, document.baseURI);
      return protocol === 'javascript:' || (protocol === 'data:' && /^text\\/html/i.test(pathname));
    } catch (error) {
      return false;
    }
  };
  for (const html of documents) {
    for (const written of [1, 2]) {
      const copy = document.createElement('div');
      document.body?.append(copy);
      copy.innerHTML = html;
      if (written === 2) copy.innerHTML = copy.innerHTML;
    }
  }
  const roots = [document];
  for (const root of roots) {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) roots.push(element.shadowRoot);
      if (element.content instanceof DocumentFragment) roots.push(element.content);
      for (const {name, value} of [...element.attributes]) {
        if (/^on/i.test(name)) {
          found.push('handler ' + name);
          try { element[name.toLowerCase()]?.call(element, new Event('x')); } catch (error) { }
        }
        if (/href|action|src|data|content|values|to|from/i.test(name) && scripted(value)) {
          found.push('script address in ' + name);
        }
      }
      for (const type of ['mouseover', 'mouseenter', 'focus', 'toggle', 'input', 'load', 'error', 'animationstart']) {
        try { element.dispatchEvent(new Event(type)); } catch (error) { }
      }
      try { element.focus?.(); } catch (error) { }
    }
  }
  await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  await new Promise(resolve => setTimeout(resolve, 0));
  return found.concat(window.judgement);
}
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the HTML did: `ran` lists scripts and ways to one, `asked` the addresses it wanted to load."""

    ran: tuple[str, ...]
    asked: tuple[str, ...]

    @property
    def is_harmless(self) -> bool:
        return not self.ran and not self.asked


class Judge:
    """Judges one document after the other in one window; `allowed` are addresses that may be asked for."""

    def __init__(self, page: Page, allowed: Iterable[str]) -> None:
        self._page = page
        self._allowed = tuple(allowed)
        self._body = ""
        self._asked: list[str] = []

    @classmethod
    async def open(cls, context: BrowserContext, allowed: Iterable[str] = ()) -> "Judge":
        """Open the judge's window in `context`."""
        await context.add_init_script(WATCH)
        judge = cls(await context.new_page(), allowed)
        await context.route("**/*", judge._answer)
        return judge

    async def judge(self, *documents: str) -> Verdict:
        """Show documents as the body of a page, one after the other, and tell what they did."""
        self._body, self._asked = "\n".join(documents), []
        await self._page.goto(PAGE, wait_until="load")
        try:
            ran = await self._page.evaluate(PROVOKE, list(documents))
        except PlaywrightError as error:  # the page went elsewhere: that is a verdict as well
            ran = [f"left the page: {str(error).splitlines()[0]}"]
        return Verdict(tuple(ran), tuple(self._asked))

    async def _answer(self, route: Route) -> None:
        url = route.request.url
        if url == PAGE and route.request.is_navigation_request() and route.request.frame.parent_frame is None:
            await route.fulfill(
                body=f"<!doctype html><html><head><title>m</title></head><body>{self._body}</body></html>",
                content_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy-Report-Only": "script-src 'none'; object-src 'none'"},
            )
            return
        if not url.startswith(self._allowed) and url != "http://mail.test/favicon.ico":
            self._asked.append(url)
        if route.request.is_navigation_request():
            await route.fulfill(status=204)  # the page stays where it is
        else:
            await route.abort()
