"""The OpenAPI 3.1 document: what FastAPI derives, put into the words of the API."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app import __version__
from app.rest import examples
from app.rest.problems import MEDIA_TYPE
from app.rest.upload_schema import UPLOAD_SCHEMAS
from app.rest.webhook_contract import add_webhooks

_DESCRIPTION = """\
Reach any mailbox over REST. Authorise with an API token (`mh_…`), then list mailboxes, page through summaries without
downloading mail, open a message safely, and download attachments.

Errors are RFC 9457 problems with a stable `code`. Lists come in cursor pages. Answers carry ETags.
"""

_TAGS = [
    {"name": "accounts", "description": "Mail servers with credentials and an owner."},
    {"name": "mailboxes", "description": "The tree of mailboxes and their pages of summaries."},
    {"name": "messages", "description": "An open message, its body, its parts."},
    {"name": "webhooks", "description": "Who is told what changed, with which secret, and what was delivered."},
    {"name": "changes", "description": "What happened, in order: events to keep a local copy in step with."},
    {"name": "tokens", "description": "Who may call, and what they may do."},
    {"name": "operation", "description": "For operators, probes and scrapers."},
]

_PROBLEM = {"$ref": "#/components/schemas/ProblemView"}
#: What FastAPI calls "Successful Response".
_SUCCESS = {"200": "As asked.", "201": "Made.", "204": "Done; there is nothing to tell."}
_MERGE_PATCH = "application/merge-patch+json"


def build(app: FastAPI) -> dict[str, Any]:
    """Make the document; the same for every start, so that it can be committed and compared."""
    document = get_openapi(
        title="Mailhatch",
        version=__version__,
        openapi_version="3.1.0",
        summary="One API over any mailbox",
        description=_DESCRIPTION,
        routes=app.routes,
        tags=_TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    document["servers"] = [{"url": "/", "description": "This service"}]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _tidy_responses(operation["responses"])
            _tidy_request(operation)
            examples.fill_in(path, operation)
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for schema in schemas.values():
        _rename_fields(schema)
    schemas.update(UPLOAD_SCHEMAS)
    add_webhooks(document)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    schemas["Summary"]["required"] = ["id"]  # `fields` leaves the others out
    renamed: dict[str, Any] = json.loads(_without_view(json.dumps(document, ensure_ascii=False), schemas))
    return renamed


def write(document: dict[str, Any]) -> str:
    """Spell the document as it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _tidy_responses(responses: dict[str, Any]) -> None:
    """Problems are `application/problem+json`, with their schema; the framework's own 422 never leaves the service."""
    if "HTTPValidationError" in json.dumps(responses.get("422", {})):
        del responses["422"]
    for status, words in _SUCCESS.items():
        if responses.get(status, {}).get("description") == "Successful Response":
            responses[status]["description"] = words
    for status, response in responses.items():
        content = response.get("content", {})
        if status == "304":
            response.pop("content", None)
        elif status >= "400" and MEDIA_TYPE in content:
            response["content"] = {MEDIA_TYPE: {"schema": _PROBLEM, **content[MEDIA_TYPE]}}


def _tidy_request(operation: dict[str, Any]) -> None:
    """A merge patch is announced as one (RFC 7396); a parameter that is left out is not null, as FastAPI has it."""
    content = operation.get("requestBody", {}).get("content", {})
    if _MERGE_PATCH in content:
        content.pop("application/json", None)
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        if len(kinds := schema.get("anyOf", ())) == 2 and kinds[1] == {"type": "null"}:
            parameter["schema"] = {key: value for key, value in schema.items() if key != "anyOf"} | kinds[0]


def _rename_fields(schema: dict[str, Any]) -> None:
    properties = schema.get("properties")
    if not properties:
        return
    schema["properties"] = {name.rstrip("_"): value for name, value in properties.items()}
    for name, value in schema["properties"].items():
        if str(value.get("title", "")).strip("_ ").casefold() == name.replace("_", " ").casefold():
            value.pop("title")
    if "required" in schema:
        schema["required"] = [name.rstrip("_") for name in schema["required"]]


def _without_view(text: str, schemas: dict[str, Any]) -> str:
    for name in sorted(schemas, key=len, reverse=True):
        if name.endswith("View"):
            text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{name[:-4]}"')
            text = text.replace(f'"{name}": {{', f'"{name[:-4]}": {{').replace(
                f'"title": "{name}"', f'"title": "{name[:-4]}"'
            )
    return text
