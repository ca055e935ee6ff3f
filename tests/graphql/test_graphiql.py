"""Who gets the page at /graphql and who an answer, and how its files are served."""

from pathlib import Path

import pytest

from app.graphql import graphiql
from tests.rest.conftest import Api

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(autouse=True)
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the page's files, empty yet."""
    monkeypatch.setattr(graphiql, "ASSETS", tmp_path / "assets")
    (tmp_path / "assets").mkdir()
    (tmp_path / "secret.js").write_text("not one of them")
    return tmp_path / "assets"


async def test_a_browser_gets_the_page_without_a_token(api: Api, assets: Path) -> None:
    (assets / "page.js").write_text("")
    answer = await api.http.get("/graphql", headers={"Accept": BROWSER, "Authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["vary"].split(", ")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert "http" not in answer.text


async def test_without_its_files_the_page_says_how_to_get_them(api: Api) -> None:
    answer = await api.http.get("/graphql", headers={"Accept": BROWSER})
    assert answer.status_code == 404
    assert "make assets" in answer.text


@pytest.mark.parametrize("accept", ["application/graphql-response+json", "application/json", "*/*", f"*/*,{BROWSER}"])
async def test_a_client_is_still_told_that_the_query_is_missing(api: Api, assets: Path, accept: str) -> None:
    (assets / "page.js").write_text("")
    answer = await api.http.get("/graphql", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("application/")
    assert "errors" in answer.json()


async def test_a_browser_with_a_query_gets_its_answer(api: Api, assets: Path) -> None:
    (assets / "page.js").write_text("")
    answer = await api.http.get("/graphql", params={"query": "{ __typename }"}, headers={"Accept": BROWSER})
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_files_are_revalidated_or_kept_for_good(api: Api, assets: Path) -> None:
    for name, kept in (("page.js", "no-cache"), ("chunk-4HGSABCZ.js", "public, max-age=31536000, immutable")):
        (assets / name).write_text("export {}")
        answer = await api.http.get(f"/graphql/assets/{name}")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, kept)
        assert answer.headers["content-type"].startswith("text/javascript")
        again = await api.http.get(f"/graphql/assets/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fsecret.js", "%2e%2e/secret.js", "stamp", "licences.txt%00.js"])
async def test_no_other_file_is_served(api: Api, assets: Path, name: str) -> None:
    (assets / "stamp").write_text("")
    answer = await api.http.get(f"/graphql/assets/{name}")
    assert answer.status_code == 404
    assert "not one of them" not in answer.text
