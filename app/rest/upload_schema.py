"""How the OpenAPI document tells of a message that is handed in: the framework sees only a stream."""

from typing import Any

_BINARY = {"type": "string", "format": "binary"}

#: The schema of the form, by name.
UPLOAD_SCHEMAS: dict[str, dict[str, Any]] = {
    "MessageUpload": {
        "type": "object",
        "title": "MessageUpload",
        "description": "A message (RFC 5322) to store, and what goes with it.",
        "required": ["message"],
        "properties": {
            "message": _BINARY | {"description": "The whole message, header and body."},
            "flags": {
                "type": "string",
                "description": "Flags it gets, with commas.",
            },
            "received": {
                "type": "string",
                "format": "date-time",
                "description": "When it was received, with offset; now if missing.",
            },
            "client_mutation_id": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128,
                "description": "Your own name for this change; given back, and told with the events it causes.",
            },
        },
    },
}

UPLOAD_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "message/rfc822": {"schema": _BINARY},
        "multipart/form-data": {"schema": {"$ref": "#/components/schemas/MessageUpload"}},
    },
}
