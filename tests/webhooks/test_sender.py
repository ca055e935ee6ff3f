"""What receivers do to a sender, and where a sender must not go."""

import asyncio
import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from email.utils import formatdate
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web

from app.domain.webhooks import Answer
from app.net.guard import AddressGuard
from app.net.http import open_http
from app.net.tls import TlsContexts
from app.webhooks.sender import Sender, Times, retry_seconds
from tests.support.certificates import CertificateAuthority
from tests.support.receiver import Received, Receiver, raw_receiver

TIMES = Times(connect=1.0, total=2.0, answer=0.3)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


async def _send(sender: Sender, url: str) -> Answer:
    return await sender.send(url, {"webhook-id": "evt_1"}, b'{"type": "x"}')


async def test_an_attempt_is_one_post_of_exactly_these_bytes(sender: Sender) -> None:
    async with Receiver(answer=lambda _: web.Response(status=202, text="thanks")) as receiver:
        answer = await _send(sender, receiver.url)
    assert answer.is_success
    assert (answer.status, answer.body, answer.error) == (202, "thanks", None)
    assert 0 < answer.seconds < 2
    (request,) = receiver.received
    assert request.body == b'{"type": "x"}'
    assert request.headers["webhook-id"] == "evt_1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("Mailhatch/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_nobody_goes_there(sender: Sender, status: int) -> None:
    async with Receiver() as inside:
        moved = {"Location": inside.url}
        async with Receiver(answer=lambda _: web.Response(status=status, headers=moved)) as receiver:
            answer = await _send(sender, receiver.url)
    assert not answer.is_success
    assert answer.status == status
    assert inside.received == []


async def test_a_name_with_a_private_address_is_never_connected_to(contexts: TlsContexts) -> None:
    async with Receiver() as inside, open_http(AddressGuard(), contexts.context_for(None)) as session:
        answer = await _send(Sender(session, allow_insecure=True, times=TIMES), f"http://localhost:{inside.port}/")
    assert (answer.error, answer.blocked_by) == ("blocked", "private_address")
    assert inside.received == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[::]",
        "[64:ff9b::7f00:1]",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "localhost.",
        "LOCALHOST",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "user:password@127.0.0.1",
        "example.com@127.0.0.1",
    ],
)
async def test_odd_spellings_of_inside_addresses_lead_nowhere(host: str, contexts: TlsContexts) -> None:
    async with Receiver() as inside, open_http(AddressGuard(), contexts.context_for(None)) as session:
        sender = Sender(session, allow_insecure=True, times=TIMES)
        answer = await _send(sender, f"http://{host}:{inside.port}/hook")
    assert answer.status is None
    assert answer.error in {"blocked", "invalid_url", "unknown_host"}, answer
    assert inside.received == []


async def test_a_name_that_changes_its_address_is_checked_at_each_connection(contexts: TlsContexts) -> None:
    """DNS rebinding: whatever a lookup said before, a socket is only made for what is allowed."""
    answers: list[Sequence[str]] = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1", "127.0.0.2"]]
    asked: list[str] = []

    def resolver(name: str, _port: int) -> Sequence[str]:
        asked.append(name)
        return answers[len(asked) - 1]

    guard = AddressGuard([ip_network("127.0.0.1/32")])
    closing = Receiver(answer=lambda _: web.Response(headers={"Connection": "close"}))
    async with closing as receiver, open_http(guard, contexts.context_for(None), resolver) as session:
        sender = Sender(session, allow_insecure=True, times=TIMES)
        url = f"http://receiver.example:{receiver.port}/"
        told = [(await _send(sender, url)).blocked_by for _ in range(3)]
    assert told == [None, "private_address", "private_address"]
    assert len(receiver.received) == 1
    assert len(asked) == 3


async def test_a_slow_name_service_costs_the_connect_time_alone(contexts: TlsContexts) -> None:
    release = threading.Event()

    def resolver(_name: str, _port: int) -> Sequence[str]:
        release.wait(10)
        return ["127.0.0.1"]

    async with open_http(AddressGuard(), contexts.context_for(None), resolver) as session:
        answer = await _send(Sender(session, allow_insecure=True, times=Times(0.1, 2.0, 0.3)), "http://slow.example/")
        release.set()
    assert answer.error in {"connect_timeout", "timeout"}
    assert answer.seconds < 1.5


async def test_http_needs_the_operators_word(contexts: TlsContexts) -> None:
    async with (
        Receiver() as receiver,
        open_http(AddressGuard([ip_network("127.0.0.0/8")]), contexts.context_for(None)) as session,
    ):
        answer = await _send(Sender(session, allow_insecure=False, times=TIMES), receiver.url)
    assert (answer.error, answer.blocked_by) == ("blocked", "insecure_url")
    assert receiver.received == []


async def test_cookies_and_environment_say_nothing(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", "/nonexistent")
    answer = web.Response(headers={"Set-Cookie": "a=b"})
    async with Receiver(answer=lambda _: web.Response(headers=answer.headers)) as receiver:
        for _ in range(2):
            assert (await _send(sender, receiver.url)).is_success
    assert all("cookie" not in request.headers for request in receiver.received)


Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _play(sender: Sender, play: Play) -> Answer:
    server = await raw_receiver(play)
    async with server:
        return await _send(sender, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")


async def test_an_endless_answer_is_cut_at_2_kb(sender: Sender) -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(OK + b"\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    answer = await _play(sender, flood)
    assert answer.is_success
    assert answer.body == "x" * 2048
    assert sent < 50_000_000


async def test_an_answer_that_drips_is_cut_by_time_and_its_status_counts(sender: Sender) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    answer = await _play(sender, drip)
    assert answer.is_success
    assert 0 < len(answer.body) < 20
    assert answer.seconds < 1.5


async def test_headers_that_drip_are_cut_by_the_whole_time(sender: Sender) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.05)

    answer = await _play(sender, drip)
    assert answer.status is None
    assert answer.error in {"timeout", "protocol_error"}
    assert answer.seconds < 4


async def test_silence_is_a_timeout(sender: Sender) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    answer = await _play(sender, silent)
    assert answer.error == "timeout"
    assert 1.5 < answer.seconds < 5


async def test_a_reset_is_a_lost_connection(sender: Sender) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    assert (await _play(sender, reset)).error == "connection_lost"


async def test_a_reset_in_the_middle_of_the_answer_leaves_the_status(sender: Sender) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Length: 1000\r\n\r\nsome")
        await writer.drain()

    answer = await _play(sender, reset)
    assert answer.is_success
    assert answer.body in {"some", ""}


@pytest.mark.parametrize(
    "answer",
    [
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 999999999999 OK\r\n\r\n",
        b"\0" * 5000,
    ],
)
async def test_garbage_is_a_failure_of_the_receiver(sender: Sender, answer: bytes) -> None:
    async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    told = await _play(sender, garble)
    assert not told.is_success
    assert told.error == "protocol_error"


async def test_a_compressed_bomb_is_not_unpacked(sender: Sender) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    headers = {"Content-Encoding": "gzip"}
    async with Receiver(answer=lambda _: web.Response(body=bomb, headers=headers)) as receiver:
        answer = await _send(sender, receiver.url)
    assert answer.is_success
    assert len(answer.body.encode("utf-8", "replace")) < 3 * 2048 + 1


async def test_endless_early_hints_end(sender: Sender) -> None:
    async def hint(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    answer = await _play(sender, hint)
    assert not answer.is_success
    assert answer.seconds < 5


async def test_refused_is_told_apart(sender: Sender) -> None:
    async with Receiver() as receiver:
        url = receiver.url
    assert (await _send(sender, url)).error == "connection_failed"


async def test_certificates_are_verified(certificate_authority: CertificateAuthority, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(certificate_authority.ca_pem)
    certificate = certificate_authority.valid()
    (tmp_path / "cert.pem").write_text(certificate.certificate_pem + certificate.key_pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "cert.pem")
    app = web.Application()

    async def take(_: web.Request) -> web.Response:
        return web.Response()

    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=serving).start()
    url = f"https://localhost:{runner.addresses[0][1]}/"
    guard = AddressGuard([ip_network("127.0.0.0/8"), ip_network("::1/128")])
    try:
        answers = []
        for contexts in (TlsContexts(tmp_path / "ca.pem"), TlsContexts()):
            async with open_http(guard, contexts.context_for(None)) as session:
                answers.append(await _send(Sender(session, allow_insecure=False, times=TIMES), url))
    finally:
        await runner.cleanup()
    assert [answer.error for answer in answers] == [None, "tls_failed"]
    assert answers[0].is_success


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("120", 120.0), ("0", 0.0), ("soon", None), ("-5", None), ("1e9", None), ("9" * 65, None)],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_seconds(header) == seconds


def test_retry_after_as_a_date() -> None:
    waiting = retry_seconds(formatdate(time.time() + 100, usegmt=True))
    assert waiting is not None
    assert 95 < waiting <= 100
    assert retry_seconds(formatdate(0, usegmt=True)) == 0.0


async def test_a_receiver_that_is_slow_does_not_hold_up_another(sender: Sender) -> None:
    async def slowly(_: Received) -> int:
        await asyncio.sleep(1)
        return 200

    async with Receiver(answer=slowly) as slow, Receiver() as fast:
        waiting = [asyncio.create_task(_send(sender, slow.url)) for _ in range(50)]
        await asyncio.sleep(0.05)
        answer = await _send(sender, fast.url)
        assert answer.is_success
        assert not any(task.done() for task in waiting)
        await asyncio.gather(*waiting)
