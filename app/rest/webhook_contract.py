"""The `webhooks` section of the OpenAPI document, made from the events themselves."""

import json
from typing import Any

from pydantic import TypeAdapter

from app.domain.events import DATA, Cause, EventType
from app.services.webhook_test import TYPE as TEST

_PREFIX = "Webhook"
_SIGNATURE = {
    "webhook-id": ("Id of the event, `evt_…`; the same at every attempt and replay.", "evt_7h2k9mnp4qrs8tvw3xyz"),
    "webhook-timestamp": ("Unix seconds of the attempt.", "1800000000"),
    "webhook-signature": (
        "One or more of `v1,<base64>`, separated by spaces: HMAC-SHA256 of `id.timestamp.body` (Standard Webhooks).",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
}
_PLACE: dict[str, Any] = {
    "account": {"type": ["string", "null"], "description": "Id of the account; null for events of none."},
    "external_id": {"type": ["string", "null"], "description": "Your own id of the account, at that moment."},
    "tenant": {"type": ["string", "null"]},
    "sequence": {"type": "integer", "description": "Number of the event in its account, without gaps."},
    "position": {"type": "string", "description": "Token of its place in the log: the change feed goes on from it."},
}
_EXAMPLE = {
    "account": "acc_2m4n6p8q0r2s4t6v8w0x",
    "external_id": "ana",
    "tenant": None,
    "sequence": 42,
    "position": "AQAAAAAAAAABAAAAAAAAACqBx2rk",
    "cause": None,
}


def add_webhooks(document: dict[str, Any]) -> None:
    """Add what the service itself sends: one entry for each event type, and the schemas they are made of."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    names = {kind.value: _add_event(schemas, kind) for kind in EventType}
    names[TEST] = _add_test(schemas)
    references = {kind: f"#/components/schemas/{name}" for kind, name in names.items()}
    schemas[f"{_PREFIX}Event"] = {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "type", "mapping": references},
        "description": "What is POSTed to a webhook.",
    }
    document["webhooks"] = {kind: {"post": _operation(kind, references[kind])} for kind in names}


def _add_event(schemas: dict[str, Any], kind: EventType) -> str:
    shape = _schema(DATA[kind], schemas)
    cause = {"anyOf": [_schema(Cause, schemas), {"type": "null"}], "description": "The call that made it happen."}
    name = _PREFIX + "".join(word.capitalize() for word in kind.value.replace("_", ".").split("."))
    data = {
        "type": "object",
        "title": f"{name}Data",
        "description": shape.get("description", ""),
        "properties": _PLACE | {"cause": cause} | shape["properties"],
        "required": [*_PLACE, "cause", *shape.get("required", [])],
    }
    return _add_envelope(schemas, name, kind.value, data)


def _add_test(schemas: dict[str, Any]) -> str:
    data = {
        "type": "object",
        "title": f"{_PREFIX}EndpointTestData",
        "properties": {"endpoint": {"type": "string"}, "tenant": {"type": ["string", "null"]}},
        "required": ["endpoint", "tenant"],
    }
    return _add_envelope(schemas, f"{_PREFIX}EndpointTest", TEST, data)


def _add_envelope(schemas: dict[str, Any], name: str, kind: str, data: dict[str, Any]) -> str:
    schemas[f"{name}Data"] = data
    schemas[name] = {
        "type": "object",
        "title": name,
        "properties": {
            "type": {"type": "string", "const": kind},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"$ref": f"#/components/schemas/{name}Data"},
        },
        "required": ["type", "timestamp", "data"],
    }
    return name


def _schema(shape: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """Describe a dataclass; what it is made of goes to the document's schemas, under names of its own."""
    made: dict[str, Any] = TypeAdapter(shape).json_schema(
        mode="serialization", ref_template=f"#/components/schemas/{_PREFIX}{{model}}"
    )
    for name, schema in made.pop("$defs", {}).items():
        schemas[_PREFIX + name] = schema
    return made


def _operation(kind: str, reference: str) -> dict[str, Any]:
    return {
        "operationId": "receive" + "".join(word.capitalize() for word in kind.replace("_", ".").split(".")),
        "summary": kind,
        "description": "Answer 2xx within 15 seconds; anything else is tried again.",
        "tags": ["webhooks"],
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": words,
                "schema": {"type": "string"},
                "example": example,
            }
            for name, (words, example) in _SIGNATURE.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": reference}, "example": _example(kind)}},
        },
        "responses": {
            "2XX": {"description": "It is yours now."},
            "410": {"description": "You do not want these events any more: the webhook is disabled."},
        },
    }


def _example(kind: str) -> dict[str, Any]:
    if kind == TEST:
        data: dict[str, Any] = {"endpoint": "whk_2m4n6p8q0r2s4t6v8w0x", "tenant": None}
    else:
        place = _EXAMPLE | ({"account": None, "external_id": None} if kind.startswith("endpoint.") else {})
        data = place | json.loads(json.dumps(_FACTS[kind]))
    return {"type": kind, "timestamp": "2027-01-15T08:00:00.000Z", "data": data}


_INBOX = {"id": "mbx_EjRWeJCrze8", "role": "inbox"}
_COUNTED = {**_INBOX, "path": ["INBOX"], "total": 12, "unread": 3}
_MESSAGE = {"id": "msg_ARI0VniQq83vAAAAAQAAACo", "flags": ["seen"]}
_FACTS: dict[str, dict[str, Any]] = {
    "message.created": {"mailbox": _INBOX, "message": {**_MESSAGE, "flags": []}, "backfill": False},
    "message.updated": {"mailbox": _INBOX, "message": _MESSAGE, "added": ["seen"], "removed": []},
    "message.deleted": {"mailbox": _INBOX, "message": {"id": _MESSAGE["id"]}},
    "message.moved": {
        "mailbox": {"id": "mbx_VniQq83vEjQ", "role": "archive"},
        "message": {**_MESSAGE, "id": "msg_AVZ4kKvN7xI0AAAAAQAAAAc"},
        "previous": {"mailbox": _INBOX, "message": {"id": _MESSAGE["id"]}},
    },
    "mailbox.created": {"mailbox": _COUNTED},
    "mailbox.updated": {"mailbox": _COUNTED},
    "mailbox.deleted": {"mailbox": _COUNTED},
    "mailbox.reset": {"mailbox": _COUNTED},
    "account.connected": {"code": None, "detail": None},
    "account.disconnected": {"code": "upstream_unavailable", "detail": "The mail server hung up."},
    "account.authentication_failed": {"code": "authentication_failed", "detail": "The mail server refused the login."},
    "account.backfill_completed": {"code": None, "detail": None},
    "endpoint.disabled": {
        "endpoint": "whk_2m4n6p8q0r2s4t6v8w0x",
        "code": "failing",
        "detail": "Every attempt failed for 5 days.",
    },
}
