"""GraphiQL at /graphql for browsers, with no internet: its files are packed when the wheel is built."""

import re
from html import escape
from pathlib import Path

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from app.domain.errors import NotFound

ASSETS = Path(__file__).parent / "assets"
_NAME = re.compile(r"[\w.-]+\.(?:js|css|ttf)")
#: Names with a digest of the content never mean other content.
_DIGEST = re.compile(r"-[0-9A-Z]{8}\.\w+\Z")
#: Nothing but this service is asked and nothing is evaluated; the editor sets styles, and its fonts are inside them.
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "Vary": "Accept", "Cache-Control": "no-cache"}
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mailhatch: try GraphQL</title>
<link rel="icon" href="data:,">
<style>html, body, #graphiql {{ height: 100%; margin: 0; }}</style>
<link rel="stylesheet" href="{root}/graphql/assets/page.css">
<div id="graphiql"></div>
<script type="module" src="{root}/graphql/assets/page.js"></script>
</html>
"""
_MISSING = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Mailhatch: try GraphQL</title>
<p>This page needs GraphiQL's browser files, which are not here: <code>make assets</code> in a checkout packs them, with
Node and npm's registry within reach.</p>
</html>
"""


def is_wanted(request: Request) -> bool:
    """Tell whether a person looks at the address: a GET that asks for HTML first and carries no query of its own."""
    first = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip().lower()
    return request.method == "GET" and first == "text/html" and "query" not in request.query_params


async def page(request: Request) -> Response:
    """Answer the page, or 404 and a sentence of how to get its files."""
    if not await anyio.Path(ASSETS / "page.js").is_file():
        return HTMLResponse(_MISSING, 404, _HEADERS)
    return HTMLResponse(_PAGE.format(root=escape(request.scope.get("root_path", ""))), headers=_HEADERS)


async def asset(request: Request) -> Response:
    """Answer one of the page's files. Raises NotFound."""
    name = request.path_params["name"]
    if not _NAME.fullmatch(name):
        raise NotFound("No such file.")
    try:
        found = await StaticFiles(directory=ASSETS, check_dir=False).get_response(name, request.scope)
    except HTTPException:
        raise NotFound("No such file.") from None
    found.headers["Cache-Control"] = "public, max-age=31536000, immutable" if _DIGEST.search(name) else "no-cache"
    found.headers["X-Content-Type-Options"] = "nosniff"
    return found
