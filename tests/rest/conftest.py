"""The whole service in this process, SQLite beneath it, real mail servers behind it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.bootstrap import create_app, first_start
from app.config import Settings
from app.security.tokens import new_token
from tests.support.dovecot import MailUser
from tests.support.mail_user import Endpoint

ADMIN_TOKEN = new_token()[1]


@dataclass(frozen=True, slots=True)
class Api:
    """A client of the service as an admin, and the app itself."""

    http: httpx.AsyncClient
    app: FastAPI

    async def get(self, path: str, status: int = 200, **options: Any) -> Any:
        """GET and return the JSON, after checking the status."""
        answer = await self.http.get(path, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, status: int = 201, **options: Any) -> Any:
        """POST JSON and return the JSON, after checking the status."""
        answer = await self.http.post(path, json=body, **options)
        assert answer.status_code == status, answer.text
        return answer.json()


def account_body(user: MailUser, endpoint: Endpoint | None = None, **more: Any) -> dict[str, Any]:
    """Spell an account of a test server."""
    at = endpoint or user.plain
    tls = {} if at.security == "none" else {"tls": {"ca_pem": user.ca_pem}}
    return {
        "email": f"{user.username}@example.com",
        "incoming": {
            "protocol": "imap",
            "host": at.host,
            "port": at.port,
            "security": at.security,
            "username": user.username,
            "auth": {"type": "password", "password": user.password},
            **tls,
        },
        **more,
    }


@pytest.fixture(scope="session")
def first_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after the first start: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("first")
    asyncio.run(first_start(Settings(data_dir=folder, admin_token=ADMIN_TOKEN)))
    return folder


@pytest.fixture
def settings(tmp_path: Path, first_data: Path) -> Settings:
    """The service's settings; a test module may override them."""
    shutil.copytree(first_data, tmp_path, dirs_exist_ok=True)
    return Settings(
        data_dir=tmp_path,
        admin_token=ADMIN_TOKEN,
        allowed_mail_networks="127.0.0.0/8",
        allowed_webhook_networks="127.0.0.0/8",
        allow_insecure_webhooks=True,
        allow_insecure_mail=True,
        cors_origins="http://localhost:3000",
        mail_timeout=5.0,
        watch=False,  # its commands would be counted among those of the calls
    )


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    """The running service."""
    app = await asyncio.to_thread(create_app, settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://hatch.test", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}
        ) as http:
            yield Api(http, app)


@pytest.fixture
async def account(api: Api, mail_user: MailUser) -> str:
    """The id of an account on real Dovecot."""
    made = await api.post("/v1/accounts", account_body(mail_user))
    return str(made["id"])


Opened = Callable[..., Awaitable[dict[str, Any]]]
