"""The proxy counts what passes, and breaks it in the way asked for."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.proxy import Proxy


@pytest.fixture
def shouting() -> Iterator[tuple[str, int]]:
    """A server that answers each line in capitals, after a greeting."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(client,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def answer(client: socket.socket) -> None:
    with client, client.makefile("rwb") as file:
        file.write(b"hello\n")
        file.flush()
        try:
            for line in file:
                file.write(line.upper())
                file.flush()
        except OSError:
            return


@contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection((proxy.host, proxy.port), timeout=5) as sock:
        yield sock


def test_round_trips_connections_and_bytes_are_counted(shouting: tuple[str, int]) -> None:
    with Proxy(*shouting) as proxy, connected(proxy) as sock, sock.makefile("rwb") as file:
        assert file.readline() == b"hello\n"
        assert proxy.counts.round_trips == 0
        with proxy.measure() as passed:
            for _ in range(3):
                file.write(b"a\n")
                file.flush()
                assert file.readline() == b"A\n"
            file.write(b"b\nc\n")
            file.flush()
            assert file.readline() + file.readline() == b"B\nC\n"
        assert passed.round_trips == 4
        assert passed.client_bytes == passed.server_bytes == 10
        assert passed.connections == 0
        assert proxy.counts.connections == proxy.open_connections == 1


def test_a_stalled_answer_comes_after_resume(shouting: tuple[str, int]) -> None:
    with Proxy(*shouting) as proxy, connected(proxy) as sock:
        assert sock.recv(100) == b"hello\n"
        proxy.stall()
        sock.sendall(b"a\n")
        sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sock.recv(100)
        proxy.resume()
        sock.settimeout(5)
        assert sock.recv(100) == b"A\n"


def test_a_sliced_answer_arrives_whole(shouting: tuple[str, int]) -> None:
    with Proxy(*shouting) as proxy, connected(proxy) as sock, sock.makefile("rwb") as file:
        proxy.slice()
        file.write(b"abcdefghij\n")
        file.flush()
        assert [file.readline(), file.readline()] == [b"hello\n", b"ABCDEFGHIJ\n"]


def test_a_cut_in_the_middle_loses_the_rest(shouting: tuple[str, int]) -> None:
    with Proxy(*shouting) as proxy, connected(proxy) as sock:
        assert sock.recv(100) == b"hello\n"
        proxy.cut_after(3)
        sock.sendall(b"abcdef\n")
        assert received(sock) in {b"ABC", b""}


def test_cut_and_refused_connections_end(shouting: tuple[str, int]) -> None:
    with Proxy(*shouting) as proxy:
        with connected(proxy) as sock:
            assert sock.recv(100) == b"hello\n"
            proxy.cut()
            assert received(sock) == b""
        proxy.refuse()
        with connected(proxy) as sock:
            assert received(sock) == b""
        proxy.accept()
        with connected(proxy) as sock:
            assert sock.recv(100) == b"hello\n"


def test_a_recording_proxy_keeps_what_was_sent(shouting: tuple[str, int]) -> None:
    with Proxy(*shouting, record=True) as proxy, connected(proxy) as sock, sock.makefile("rwb") as file:
        file.write(b"first\nsecond\n")
        file.flush()
        assert [file.readline() for _ in range(3)] == [b"hello\n", b"FIRST\n", b"SECOND\n"]
        assert proxy.sent == [b"first\nsecond\n"]


def test_latency_counts_each_way_once(shouting: tuple[str, int]) -> None:
    with Proxy(*shouting, latency=0.02) as proxy, connected(proxy) as sock, sock.makefile("rwb") as file:
        file.readline()
        file.write(b"a\n")
        file.flush()
        assert file.readline() == b"A\n"
        assert proxy.counts.round_trips == 1


def received(sock: socket.socket) -> bytes:
    data = b""
    try:
        while part := sock.recv(100):
            data += part
    except ConnectionError:
        pass
    return data
