"""Swagger UI at /docs with no internet: its files come from the fastapi-offline package."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from app.domain.errors import NotFound

_ASSETS = Path(fastapi_offline.__file__).parent / "static"
_MEDIA_TYPES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
#: They change with the package alone, at an upgrade of the service.
_ASSET_CACHE = "public, max-age=86400"
#: The page's own script is inline, and a downloaded image is shown from memory; nothing but this service may be asked.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-ancestors 'none'"
)
_LOOK = {
    "tryItOutEnabled": True,
    "persistAuthorization": True,
    "displayRequestDuration": True,
    "defaultModelsExpandDepth": 0,
    "validatorUrl": None,  # else a stranger's service is asked whether the document is valid
}
#: A problem differs from others by its code alone, which its description names; a sample of each buries the answer.
_STYLE = """<style>
.responses-table:not(.live-responses-table) tr.response:is([data-code^="4"], [data-code^="5"]) .response-col_description
  > :not(.response-col_description__inner) { display: none; }
.responses-table:not(.live-responses-table) .response-col_links { display: none; }
.swagger-ui .info { margin: 24px 0; }
.swagger-ui .scheme-container { margin: 0 0 16px; padding: 16px 0; }
</style>
"""


def install(app: FastAPI) -> None:
    """Serve the page and its files."""

    # A mount would not find its files behind a proxy that strips the root path.
    @app.get("/docs/assets/{name}", include_in_schema=False)
    async def asset(name: str) -> FileResponse:
        if name not in _MEDIA_TYPES:
            raise NotFound("No such file.")
        return FileResponse(_ASSETS / name, 200, {"Cache-Control": _ASSET_CACHE}, _MEDIA_TYPES[name])

    @app.get("/", include_in_schema=False)
    async def start(request: Request) -> RedirectResponse:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/docs")

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title="Mailhatch: try the API",
            swagger_js_url=f"{root}/docs/assets/swagger-ui-bundle.js",
            swagger_css_url=f"{root}/docs/assets/swagger-ui.css",
            swagger_favicon_url=f"{root}/docs/assets/favicon.png",
            swagger_ui_parameters=_LOOK,
        )
        html = bytes(page.body).decode().replace("</head>", f"{_STYLE}</head>", 1)
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})
