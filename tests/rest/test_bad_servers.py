"""What bad mail servers get: the right problem within the deadline, and nobody else notices."""

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from app.config import Settings
from app.domain.message import Body
from app.mime.body import compose
from app.rest.routes import parts
from app.services import texts
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


async def test_html_that_takes_seconds_to_clean_stops_nobody_else(
    api: Api, account: str, mail_user: MailUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def composed(*arguments: object) -> Body:
        threads.append(threading.current_thread())
        return compose(*arguments)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(texts, "compose", composed)
    mail_user.append_all([b"Content-Type: text/html\r\n\r\n" + b"<p>tag" * 1000])
    page = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")
    await api.get(f"/v1/accounts/{account}/messages/{page['items'][0]['id']}/body")
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one message whose attachment never ends, and is nothing but line ends in base64."""
    structure = b'("APPLICATION" "ZIP" NIL NIL NIL "BASE64" 999999999)'
    answers = {
        b"LIST": b'* LIST () "/" INBOX\r\n',
        b"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 6] x\r\n",
        b"FETCH": b"* 1 FETCH (UID 5 FLAGS () ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE "
        + structure
        + b")\r\n",
    }
    writer.write(b"* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n")
    while line := await reader.readline():
        tag, command, *_ = line.replace(b"UID ", b"").split()
        if asked := re.search(rb"BODY\.PEEK\[1\]<(\d+)\.(\d+)>", line):
            size = int(asked[2])
            writer.write(b"* 1 FETCH (UID 5 BODY[1]<%s> {%d}\r\n" % (asked[1], size) + b"\n" * size + b")\r\n")
        else:
            writer.write(answers.get(command, b""))
        writer.write(tag + b" OK [CAPABILITY IMAP4rev1 LITERAL+] done\r\n")
        await writer.drain()


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}], ids=["whole", "range"])
async def test_an_attachment_that_never_ends_and_holds_nothing(
    api: Api, mail_user: MailUser, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(parts, "BEGIN_SECONDS", DEADLINE)
    async with server(endless) as port:
        body = account_body(mail_user)
        body["incoming"]["port"] = port
        account = (await api.post("/v1/accounts", body))["id"]
        page = await api.get(f"/v1/accounts/{account}/mailboxes/inbox/messages")
        path = f"/v1/accounts/{account}/messages/{page['items'][0]['id']}/parts/1"
        answer: httpx.Response = await asyncio.wait_for(api.http.get(path, headers=headers), DEADLINE + PATIENCE)
        assert answer.status_code == 504
        assert answer.json()["code"] == "upstream_timeout"
