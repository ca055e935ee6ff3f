"""What bad mail servers get: the right problem within the deadline, and nobody else notices."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from app.config import Settings
from tests.rest.conftest import Api, account_body
from tests.support.dovecot import Dovecot, MailUser
from tests.support.proxy import Proxy

#: Seconds a mail operation may take in these tests; the deadline itself is what is tested.
DEADLINE = 1.0
#: Seconds over the deadline that a busy machine may need to say so.
PATIENCE = 15.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"mail_timeout": DEADLINE})


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[int]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK ")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK ready\r\n")
    await reader.readline()


async def speaking_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await reader.read()


async def flooding(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK " + b"x" * 100_000)
    for _ in range(2000):
        writer.write(b"x" * 100_000)
        await writer.drain()
    await reader.read()


@pytest.mark.parametrize(
    ("serve", "codes"),
    [
        (silent, {"upstream_timeout"}),
        (dripping, {"upstream_timeout", "upstream_protocol_error"}),
        (hanging_up, {"upstream_unavailable"}),
        (speaking_http, {"upstream_protocol_error"}),
        (flooding, {"upstream_protocol_error"}),
    ],
    ids=["silent", "dripping", "hanging up", "speaking HTTP", "flooding"],
)
async def test_a_bad_server_ends_in_the_right_problem(
    api: Api, account: str, mail_user: MailUser, serve: Serve, codes: set[str]
) -> None:
    async with server(serve) as port:
        body = account_body(mail_user)
        body["incoming"]["port"] = port
        begun = time.monotonic()
        problem, tree = await asyncio.gather(
            api.http.post("/v1/accounts", json=body), api.http.get(f"/v1/accounts/{account}/mailboxes")
        )
        assert time.monotonic() - begun < DEADLINE + PATIENCE
        assert problem.json()["code"] in codes, problem.text
        assert problem.status_code in (502, 503, 504)
        assert tree.status_code == 200


async def test_tls_to_a_server_without_it_fails_plainly(api: Api, mail_user: MailUser) -> None:
    body = account_body(mail_user)
    body["incoming"]["security"] = "tls"
    problem = await api.post("/v1/accounts", body, status=502)
    assert problem["code"] == "tls_failed"


@pytest.mark.parametrize("name", ["expired", "wrong_host"])
async def test_a_bad_certificate_is_refused(api: Api, mail_user: MailUser, dovecot: Dovecot, name: str) -> None:
    body = account_body(mail_user, getattr(dovecot, name))
    problem = await api.post("/v1/accounts", body, status=502)
    assert problem["code"] == "tls_failed"


async def test_a_server_that_goes_silent_in_mid_session(api: Api, mail_user: MailUser) -> None:
    mail_user.fill(3)
    with Proxy(mail_user.plain.host, mail_user.plain.port) as proxy:
        body = account_body(mail_user)
        body["incoming"]["port"] = proxy.port
        account = (await api.post("/v1/accounts", body))["id"]
        path = f"/v1/accounts/{account}/mailboxes/inbox/messages"
        assert len((await api.get(path))["items"]) == 3
        proxy.stall()
        problem = await api.get(path, status=504)
        assert problem["code"] == "upstream_timeout"
        proxy.resume()
        proxy.cut()
        for _ in range(50):
            answer = await api.http.get(path)
            if answer.status_code == 200:
                break
            assert answer.status_code in (503, 504), answer.text
            await asyncio.sleep(0.2)
        assert len(answer.json()["items"]) == 3


async def test_a_connection_cut_while_idle_is_not_noticed(api: Api, mail_user: MailUser) -> None:
    mail_user.fill(3)
    account = (await api.post("/v1/accounts", account_body(mail_user)))["id"]
    path = f"/v1/accounts/{account}/mailboxes/inbox/messages"
    await api.get(path)
    mail_user.kick()
    assert len((await api.get(path))["items"]) == 3


async def test_a_revoked_password_changes_the_accounts_state(api: Api, dovecot: Dovecot) -> None:
    user = dovecot.add_user()
    account = (await api.post("/v1/accounts", account_body(user)))["id"]
    await api.get(f"/v1/accounts/{account}/mailboxes")
    record = dovecot.folder / "users" / user.username
    record.write_text(record.read_text("utf-8").replace(user.password, "changed"), "utf-8")
    dovecot.doveadm("auth", "cache", "flush")
    user.kick()
    for _ in range(50):  # Dovecot looks at its users once a second
        answer = await api.http.get(f"/v1/accounts/{account}/mailboxes")
        if answer.status_code != 200:
            break
        user.kick()
        await asyncio.sleep(0.2)
    assert answer.status_code == 502
    assert answer.json()["code"] == "authentication_failed"
    for _ in range(50):
        found = await api.get(f"/v1/accounts/{account}")
        if found["state"] == "authentication_failed":
            break
        await asyncio.sleep(0.1)
    assert found["state"] == "authentication_failed"
    assert found["reason"]["code"] == "authentication_failed"
    assert found["reason"]["next_attempt_at"]
    again = await api.http.get(f"/v1/accounts/{account}/mailboxes")
    assert again.json()["code"] == "authentication_failed"
