"""The committed OpenAPI document is what the code makes, and holds to CONVENTIONS."""

import json
from typing import Any

import pytest

from app.bootstrap import openapi
from tests.contracts.repository import ROOT

COMMITTED = ROOT / "openapi" / "mailhatch.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as the code makes it."""
    made: dict[str, Any] = json.loads(openapi())
    return made


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", item) for path, methods in document["paths"].items() for method, item in methods.items()
    ]


def test_the_committed_document_is_current() -> None:
    assert COMMITTED.read_text("utf-8") == openapi(), "run `make contracts`"


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")


def test_every_operation_has_a_human_id_once(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert all(name.isalpha() and name[0].islower() for name in ids)


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation.get("summary"), name
        assert operation.get("description"), name
        assert operation.get("tags"), name


def test_every_refusal_is_a_problem_with_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status < "400" or name == "get /readyz":
                continue
            assert list(response["content"]) == ["application/problem+json"], (name, status)
            content = response["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, (name, status)
            assert content["examples"], (name, status)


def test_no_object_schema_is_anonymous(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for part in [*operation["responses"].values(), operation.get("requestBody", {})]:
            for content in part.get("content", {}).values():
                assert "properties" not in content.get("schema", {}), name


def test_mail_words_are_json_words(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert "from" in schemas["Summary"]["properties"]
    assert '"from_"' not in json.dumps(document)
    assert not [name for name in schemas if name.endswith("View")]
