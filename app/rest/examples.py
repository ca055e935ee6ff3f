"""What Swagger UI fills in, so that every call can be tried as it stands; ids are the caller's to paste.

Reading is shown on the account of `make demo`. What makes, changes or removes an account is shown on one of its own,
`ana` at a server that does not exist, so that trying it harms nobody: it is stored without logging in. Webhooks go to
a host that does not exist either.
"""

import re
from typing import Any

_OWN = "external:ana"

#: By operation: what its parameters begin with where the parameter's own example would do harm or not succeed.
_PARAMETERS: dict[str, dict[str, str]] = {
    "createAccount": {"verify": "never"},
    "createAccounts": {"verify": "never"},
    "putAccount": {"verify": "never"},
    "patchAccount": {"account": _OWN},
    "deleteAccount": {"account": _OWN},
    "patchMailbox": {"mailbox": "mbx_paste_one_from_the_tree"},
    "deleteMailbox": {"mailbox": "mbx_paste_one_from_the_tree"},
}

_ACCOUNT: dict[str, Any] = {
    "external_id": "ana",
    "email": "ana@example.com",
    "metadata": {"team": "blue"},
    "incoming": {
        "protocol": "imap",
        "host": "imap.example.com",
        "port": 993,
        "security": "tls",
        "username": "ana@example.com",
        "auth": {"type": "password", "password": "secret"},
    },
}
_BY_TOKEN: dict[str, Any] = {
    "external_id": "ben",
    "email": "ben@example.com",
    "incoming": {
        "protocol": "imap",
        "host": "imap.example.com",
        "port": 993,
        "security": "tls",
        "username": "ben@example.com",
        "auth": {"type": "access_token", "token": "ya29.secret", "expires_at": "2030-01-01T00:00:00Z"},
    },
}
_REPLACED = {name: value for name, value in _ACCOUNT.items() if name != "external_id"}  # the address names it


_DRAFT = "From: ana@example.com\nTo: ben@example.com\nSubject: A draft\n\nDear Ben,\n"


def _another(body: dict[str, Any], name: str) -> dict[str, Any]:
    return body | {"external_id": name, "email": f"{name}@example.com"}


def _example(summary: str, value: dict[str, Any] | str) -> dict[str, Any]:
    return {"summary": summary, "value": value}


#: By operation: bodies to choose from; the first one is filled in.
_BODIES: dict[str, dict[str, Any]] = {
    "createAccount": {
        "password": _example("With a password", _ACCOUNT),
        "access_token": _example("With an OAuth access token", _BY_TOKEN),
    },
    "createAccounts": {
        "two": _example("Two accounts", {"items": [_another(_ACCOUNT, "carl"), _another(_BY_TOKEN, "dora")]}),
    },
    "putAccount": {"password": _example("With a password", _REPLACED)},
    "patchAccount": {
        "metadata": _example("One entry of metadata; null removes it", {"metadata": {"team": "green"}}),
        "password": _example(
            "A new password, verified before the old one goes",
            {"incoming": {"auth": {"type": "password", "password": "another secret"}}},
        ),
    },
    "patchMessage": {
        "read": _example("Mark as read", {"flags": {"add": ["seen"]}}),
        "star": _example("Star, and mark as unread", {"flags": {"add": ["flagged"], "remove": ["seen"]}}),
    },
    "moveMessage": {"archive": _example("To the mailbox with a role", {"mailbox": "archive"})},
    "copyMessage": {"drafts": _example("To the mailbox with a role", {"mailbox": "drafts"})},
    "editMessages": {
        "read": _example(
            "Mark as read",
            {"ids": ["msg_paste_one_from_a_page"], "action": {"type": "flags", "add": ["seen"]}},
        ),
        "archive": _example(
            "Move", {"ids": ["msg_paste_one_from_a_page"], "action": {"type": "move", "mailbox": "archive"}}
        ),
        "filter": _example(
            "Mark all that is unread as read",
            {
                "filter": {"mailbox": "inbox", "query": "is:unread"},
                "action": {"type": "flags", "add": ["seen"]},
            },
        ),
    },
    "uploadMessage message/rfc822": {"draft": _example("A draft", _DRAFT)},
    "uploadMessage multipart/form-data": {"draft": _example("A draft", {"message": _DRAFT, "flags": "draft,seen"})},
    "createMailbox": {
        "top": _example("At the top level", {"name": "Invoices"}),
        "within": _example("In another one", {"name": "2026", "parent_id": "archive"}),
    },
    "patchMailbox": {
        "rename": _example("Rename", {"name": "Old invoices"}),
        "subscribe": _example("Subscribe", {"is_subscribed": True}),
    },
    "createWebhook": {
        "inbox": _example(
            "New mail in any inbox",
            {"url": "https://hooks.example.com/mail", "mailboxes": ["inbox"], "types": ["message.created"]},
        ),
        "tenant": _example(
            "All of one tenant, only if the receiver answers a test event",
            {"url": "https://hooks.example.com/mail", "tenant": "acme", "verify": True},
        ),
    },
    "patchWebhook": {
        "slower": _example("At most two requests at a time, ten a second", {"concurrency": 2, "rate": 10}),
        "all": _example("Every type of event", {"types": None}),
    },
    "rotateWebhookSecret": {"day": _example("Both secrets sign for a day", {"overlap": 86400})},
    "replayWebhook": {"since": _example("Everything since then", {"since": "2027-01-15T08:00:00Z"})},
    "createToken": {
        "browser": _example(
            "For a browser: reading only, one hour",
            {"name": "web frontend", "scopes": ["mail.meta.read", "mail.body.read"], "expires_in": 3600},
        ),
        "tenant": _example(
            "For a backend: one tenant's accounts",
            {"name": "backend of acme", "scopes": ["accounts.manage", "mail.meta.read"], "tenant": "acme"},
        ),
    },
}


def fill_in(path: str, operation: dict[str, Any]) -> None:
    """Give one operation of the document its examples, and its parameters the order in which the address has them.

    An example of a schema is shown nowhere by Swagger UI; a required parameter gets it as its own, which is filled in.
    """
    name = operation["operationId"]
    for parameter in operation.get("parameters", []):
        if parameter["required"] and (examples := parameter["schema"].get("examples")):
            parameter["example"] = examples[0]
            parameter["schema"] = {key: value for key, value in parameter["schema"].items() if key != "examples"}
        if own := _PARAMETERS.get(name, {}).get(parameter["name"]):
            parameter["example"] = own
    if "parameters" in operation:
        places = {found: place for place, found in enumerate(re.findall(r"{(\w+)}", path))}
        operation["parameters"].sort(
            key=lambda one: places[one["name"]] if one["in"] == "path" else len(places)  # the sort is stable
        )
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        content["examples"] = _BODIES[f"{name} {kind}" if f"{name} {kind}" in _BODIES else name]
