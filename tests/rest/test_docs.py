"""The page at /docs and its files, also behind a proxy that strips a path prefix."""

import re

import httpx
import pytest

from app.bootstrap import create_app
from app.config import Settings
from tests.rest.conftest import Api

ASSETS = re.compile(r'(?:href|src)="([^"]+/docs/assets/[^"]+|/docs/assets/[^"]+)"')


@pytest.mark.parametrize("prefix", ["", "/mail"])
async def test_the_page_and_its_files_come_from_the_service(settings: Settings, prefix: str) -> None:
    app = create_app(settings.model_copy(update={"root_path": prefix}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hatch.test") as http,
    ):
        assert (await http.get("/")).headers["location"] == f"{prefix}/docs"
        page = (await http.get("/docs")).text
        found = ASSETS.findall(page)
        assert len(found) == 3
        for address in found:
            assert address.startswith(f"{prefix}/docs/assets/")
            asset = await http.get(address.removeprefix(prefix))  # as the proxy passes it on
            assert asset.status_code == 200
            assert len(asset.content) > 500
            assert asset.headers["cache-control"].startswith("public")
        assert f"url: '{prefix}/openapi.json'" in page
        document = (await http.get("/openapi.json")).json()
        assert document["servers"][0]["url"] == (prefix or "/")


@pytest.mark.parametrize("name", ["redoc.standalone.js", "..%2f__init__.py", "nothing", "%2e%2e"])
async def test_no_other_file_is_served(api: Api, name: str) -> None:
    answer = await api.http.get(f"/docs/assets/{name}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_the_page_cannot_be_framed_and_loads_nothing_from_elsewhere(api: Api) -> None:
    answer = await api.http.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.findall(r"https?://", answer.text)
