"""Every operation of the OpenAPI document comes with examples that are right, so that it can be tried as it stands."""

import json
from typing import Any

import pytest

from app.bootstrap import openapi
from app.http.body import Body

DOCUMENT: dict[str, Any] = json.loads(openapi())
MODELS = {model.__name__: model for model in Body.__subclasses__()}
OPERATIONS = {item["operationId"]: item for methods in DOCUMENT["paths"].values() for item in methods.values()}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_required_parameter_has_an_example(name: str) -> None:
    parameters = OPERATIONS[name].get("parameters", [])
    without = [one["name"] for one in parameters if one["required"] and not {"example", "examples"} & one.keys()]
    assert without == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_parameter_that_may_be_left_out_is_not_null(name: str) -> None:
    assert '"null"' not in json.dumps(OPERATIONS[name].get("parameters", []))


#: What is handed in as a stream has no model; its example is run by openapi/examples.
STREAMED = {"uploadMessage"}


@pytest.mark.parametrize(
    "name", [name for name, item in OPERATIONS.items() if "requestBody" in item and name not in STREAMED]
)
def test_every_example_of_a_body_is_one_the_service_takes(name: str) -> None:
    (content,) = OPERATIONS[name]["requestBody"]["content"].values()
    model = MODELS[content["schema"]["$ref"].rpartition("/")[2]]
    assert content["examples"]
    for example in content["examples"].values():
        assert example["summary"]
        model.model_validate(example["value"]).model_dump()


@pytest.mark.parametrize("name", ["putAccount", "patchAccount", "deleteAccount"])
def test_trying_a_change_leaves_the_demo_whole(name: str) -> None:
    assert "demo-ana" not in json.dumps(OPERATIONS[name].get("parameters"))
    assert "demo-ana" not in json.dumps(OPERATIONS[name].get("requestBody"))


def test_the_paths_parameters_come_in_the_order_of_the_path() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for item in methods.values():
            names = [one["name"] for one in item.get("parameters", []) if one["in"] == "path"]
            assert names == sorted(names, key=lambda name: path.index(f"{{{name}}}")), path
