import errno
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_network

import pytest

from app.domain.errors import (
    HostNotAllowed,
    InvalidRequest,
    TooManyConnections,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from app.net import connect, dialer
from app.net.connect import connect_first
from app.net.dialer import Dialer
from app.net.guard import AddressGuard
from app.net.lookup import resolve

LOOPBACK = AddressGuard([ip_network("127.0.0.0/8"), ip_network("::1/128")])


class FakeResolver:
    """Answers one list after the other, the last one for ever, and remembers the questions."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def _port(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return _port(listening)


def _soon(seconds: float = 5) -> float:
    return time.monotonic() + seconds


def test_it_connects_to_the_checked_address_and_tells_of_it(server: socket.socket) -> None:
    told: list[tuple[Sequence[str], float]] = []
    resolver = FakeResolver(["127.0.0.1"])
    with Dialer(LOOPBACK, resolver).dial("mail.example", _port(server), _soon(), lambda *one: told.append(one)) as sock:
        assert sock.getpeername() == server.getsockname()
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        timeout = sock.gettimeout()
        assert timeout is not None
        assert 0 < timeout <= 5
    assert [addresses for addresses, _ in told] == [["127.0.0.1"]]
    assert told[0][1] >= 0
    assert resolver.asked == [("mail.example", _port(server))]


def test_a_name_that_changes_between_check_and_use_gains_nothing(server: socket.socket) -> None:
    """DNS rebinding: the second answer would be inside; it is never asked for."""
    resolver = FakeResolver(["127.0.0.1"], ["127.0.0.2"])
    guard = AddressGuard([ip_network("127.0.0.1/32")])
    with Dialer(guard, resolver).dial("rebinding.example", _port(server), _soon()) as sock:
        assert sock.getpeername()[0] == "127.0.0.1"
    assert len(resolver.asked) == 1


@pytest.mark.parametrize("answer", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["127.0.0.1", "fd00::1"]])
def test_an_answer_of_allowed_and_refused_addresses_is_refused_whole(
    server: socket.socket, answer: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialer, "connect_first", lambda *_: pytest.fail("dialled"))
    told: list[object] = []
    with pytest.raises(HostNotAllowed):
        Dialer(LOOPBACK, FakeResolver(answer)).dial("x.example", _port(server), _soon(), lambda *one: told.append(one))
    assert told == []


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f.1", "2130706433", "①②⑦.0.0.1", "::ffff:127.0.0.1"])
def test_odd_spellings_of_loopback_are_refused(host: str) -> None:
    with pytest.raises(HostNotAllowed):
        Dialer(AddressGuard()).dial(host, 993, _soon())


def test_a_hanging_name_server_does_not_outlive_the_deadline() -> None:
    release = threading.Event()

    def hang(host: str, port: int) -> Sequence[str]:
        release.wait(30)
        return ["127.0.0.1"]

    try:
        with pytest.raises(UpstreamTimeout):
            Dialer(LOOPBACK, hang).dial("slow.example", 993, _soon(0.05))
    finally:
        release.set()


def test_hanging_lookups_are_bounded_and_their_places_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialer, "MAX_LOOKUPS", 2)
    release, asked = threading.Event(), []

    def hang(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        if host.startswith("slow"):
            release.wait(30)
        return []

    one = Dialer(LOOPBACK, hang)
    try:
        for name in ("slow-1", "slow-2", "third"):
            with pytest.raises(UpstreamTimeout):
                one.dial(name, 993, _soon(0.05))
        assert asked == ["slow-1", "slow-2"]
    finally:
        release.set()
    with pytest.raises(UpstreamUnavailable, match="no address"):
        one.dial("fourth", 993, _soon())


@pytest.mark.parametrize(
    ("failure", "error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), UpstreamUnavailable, "is not known"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), UpstreamUnavailable, "name service did not answer"),
        (OSError(errno.EIO, "x"), UpstreamUnavailable, "could not be looked up"),
    ],
)
def test_a_failed_lookup_is_told_plainly(failure: OSError, error: type[Exception], words: str) -> None:
    def fail(host: str, port: int) -> Sequence[str]:
        raise failure

    with pytest.raises(error, match=words):
        Dialer(LOOPBACK, fail).dial("x.example", 993, _soon())


def test_no_thread_for_the_lookup_is_back_pressure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(TooManyConnections):
        Dialer(LOOPBACK, FakeResolver(["127.0.0.1"])).dial("x.example", 993, _soon())


def test_the_input_is_checked_before_anything_is_looked_up() -> None:
    resolver = FakeResolver(["127.0.0.1"])
    for host, port in (("a\r\nb", 993), ("x.example", 0)):
        with pytest.raises(InvalidRequest):
            Dialer(LOOPBACK, resolver).dial(host, port, _soon())
    assert resolver.asked == []


def test_a_closed_port_is_told_as_refused() -> None:
    port = _closed_port()
    with pytest.raises(UpstreamUnavailable, match=f"refused the connection on port {port}"):
        Dialer(LOOPBACK, FakeResolver(["127.0.0.1", "127.0.0.2"])).dial("x.example", port, _soon())


def test_the_system_resolver_answers_numeric_addresses_once_each() -> None:
    assert resolve("127.0.0.1", 993) == ("127.0.0.1",)
    assert resolve("::1", 993) == ("::1",)


def test_the_next_address_is_tried_when_one_refuses() -> None:
    with (
        socket.create_server(("127.0.0.2", 0)) as listening,
        connect_first(["127.0.0.1", "127.0.0.2"], _port(listening), _soon()) as sock,
    ):
        assert sock.getpeername()[0] == "127.0.0.2"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port of 127.0.0.1 that never answers: its queue of connections is full, so the kernel drops each SYN."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
            waiting.append(one)
        yield _port(listening)
        for one in waiting:
            one.close()


def test_a_silent_address_ends_at_the_deadline(silent_port: int) -> None:
    with pytest.raises(UpstreamTimeout):
        connect_first(["127.0.0.1"], silent_port, _soon(0.1))


def test_a_silent_address_does_not_keep_the_next_one_waiting(silent_port: int) -> None:
    with (
        socket.create_server(("127.0.0.2", silent_port)),
        connect_first(["127.0.0.1", "127.0.0.2"], silent_port, _soon()) as sock,
    ):
        assert sock.getpeername()[0] == "127.0.0.2"


def test_sockets_that_lost_are_closed(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []

    class Counted(socket.socket):
        def __init__(self, *args: int) -> None:
            super().__init__(*args)
            made.append(self)

    with socket.create_server(("127.0.0.2", silent_port)):
        monkeypatch.setattr(socket, "socket", Counted)
        winner = connect_first(["127.0.0.1", "127.0.0.2"], silent_port, _soon())
    with winner:
        assert [one.fileno() >= 0 for one in made] == [False, True]


def test_out_of_descriptors_is_our_own_back_pressure(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socket", exhausted)
    with pytest.raises(TooManyConnections):
        connect_first(["127.0.0.1"], 993, _soon())


def test_no_route_hides_no_better_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter([errno.ECONNREFUSED, errno.ENETUNREACH])

    class Failing(socket.socket):
        def connect_ex(self, address: object) -> int:
            return next(codes)

    monkeypatch.setattr(socket, "socket", Failing)
    with pytest.raises(UpstreamUnavailable, match="refused"):
        connect_first(["127.0.0.1", "127.0.0.2"], 993, _soon())


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (errno.ECONNREFUSED, UpstreamUnavailable, "refused the connection on port 993"),
        (errno.ETIMEDOUT, UpstreamTimeout, "did not answer on port 993"),
        (errno.ENETUNREACH, UpstreamUnavailable, "no network route"),
        (errno.EHOSTUNREACH, UpstreamUnavailable, "no network route"),
        (errno.ECONNRESET, UpstreamUnavailable, "failed"),
        (errno.ENOBUFS, TooManyConnections, "no free sockets"),
    ],
)
def test_each_failure_has_its_sentence(
    code: int, error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(socket.socket):
        def connect_ex(self, address: object) -> int:
            return code

    monkeypatch.setattr(socket, "socket", Failing)
    with pytest.raises(error, match=words):
        connect_first(["127.0.0.1"], 993, _soon())


def test_a_system_without_some_keepalive_options_still_connects(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "TCP_KEEPIDLE", raising=False)
    connect_first(["127.0.0.1"], _port(server), _soon()).close()


def test_a_link_local_address_keeps_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 993, 0, 2))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: [found])
    assert resolve("router.local", 993) == ("fe80::1%2",)


def test_families_take_turns() -> None:
    assert connect._alternate(["::1", "::2", "::3", "1.1.1.1"]) == ("::1", "1.1.1.1", "::2", "::3")
    assert connect._alternate(["1.1.1.1", "2.2.2.2", "::1"]) == ("1.1.1.1", "::1", "2.2.2.2")


def test_no_address_at_all_is_an_error_of_ours() -> None:
    with pytest.raises(UpstreamUnavailable):
        connect_first([], 993, _soon())
