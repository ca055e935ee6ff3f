"""Making the running service know the demo's accounts, as a backend would over REST."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.demo import rest_client
from app.demo.catcher import Catcher
from app.demo.limits import TOKEN_LIFETIME
from app.demo.mail_server import HOST, Login, MailServer

#: What the browser frontends of the usual development servers are called.
_FRONTENDS = "http://localhost:3000,http://localhost:5173"

#: How much the service's log tells is for whoever starts the demo to choose.
_KEPT = "MAILHATCH_LOG_LEVEL"


@dataclass(frozen=True, slots=True)
class Registered:
    """An account the service knows."""

    id: str
    email: str
    external_id: str


def service_environment(port: int, data: Path, admin_token: str) -> dict[str, str]:
    """The service's environment: this one without settings of ours, and the demo's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILHATCH_") or name == _KEPT}
    return kept | {
        "MAILHATCH_HOST": HOST,
        "MAILHATCH_PORT": str(port),
        "MAILHATCH_DATA_DIR": str(data),
        "MAILHATCH_ADMIN_TOKEN": admin_token,
        "MAILHATCH_CORS_ORIGINS": _FRONTENDS,
        # Both are dangerous elsewhere: the demo's mail server is on this machine and speaks no TLS.
        "MAILHATCH_ALLOWED_MAIL_NETWORKS": "127.0.0.0/8",
        "MAILHATCH_ALLOW_INSECURE_MAIL": "true",
        # So is its webhook catcher.
        "MAILHATCH_ALLOWED_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "MAILHATCH_ALLOW_INSECURE_WEBHOOKS": "true",
        "MAILHATCH_SHUTDOWN_TIMEOUT": "3",
    }


def register(url: str, admin_token: str, server: MailServer) -> tuple[Registered, ...]:
    """Put all accounts, logging in to check them. Raises CallFailed."""
    ports = {"imap": server.port, "pop3": server.pop3_port}
    return tuple(_put(url, admin_token, ports[login.protocol], login) for login in server.logins)


def _put(url: str, admin_token: str, port: int, login: Login) -> Registered:
    body = {
        "external_id": login.external_id,
        "email": login.owner.email,
        "metadata": {"name": login.owner.name},
        "incoming": {
            "protocol": login.protocol,
            "host": HOST,
            "port": port,
            "security": "none",
            "username": login.owner.email,
            "auth": {"type": "password", "password": login.password},
        },
    }
    address = f"{url}/v1/accounts/by-external-id/{login.external_id}?verify=now"
    account = rest_client.call("PUT", address, admin_token, body)
    return Registered(account["id"], login.owner.email, login.external_id)


def reading_token(url: str, admin_token: str, accounts: tuple[Registered, ...]) -> str:
    """Make a token such as a frontend should have: it reads and changes these accounts' mail, and ends.

    Raises CallFailed.
    """
    body = {
        "name": "demo frontend",
        "scopes": ["mail.meta.read", "mail.body.read", "mail.write"],
        "accounts": [account.id for account in accounts],
        "expires_in": TOKEN_LIFETIME,
    }
    token: str = rest_client.call("POST", f"{url}/v1/tokens", admin_token, body)["token"]
    return token


def register_webhook(url: str, admin_token: str, catcher: Catcher) -> str:
    """Have everything told to the catcher, beginning with a test event; answers the webhook's id. Raises CallFailed."""
    body = {"url": catcher.url, "description": "the demo's catcher"}
    made = rest_client.call("POST", f"{url}/v1/webhooks", admin_token, body)
    catcher.secret = made["secret"]
    rest_client.call("POST", f"{url}/v1/webhooks/{made['id']}/test", admin_token)
    webhook: str = made["id"]
    return webhook


def message_to_open(url: str, token: str, account: Registered, subject: str) -> str:
    """Find the id of the message with this subject on the first page, else of the newest. Raises CallFailed."""
    page: Mapping[str, Any] = rest_client.call(
        "GET", f"{url}/v1/accounts/{account.id}/mailboxes/inbox/messages?limit=20", token
    )
    found: str = next((item["id"] for item in page["items"] if item["subject"] == subject), page["items"][0]["id"])
    return found
