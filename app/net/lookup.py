"""Name lookups on threads of their own: one cannot be cancelled, but whoever waits can leave."""

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread

#: Blocking: host (ASCII) and port to numeric addresses in order of preference; raises socket.gaierror.
Resolver = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver. Blocking, without a bound of its own. Raises socket.gaierror."""
    addresses: dict[str, None] = {}
    for _, _, _, _, target in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        address = str(target[0])
        if len(target) == 4 and target[3] and "%" not in address:
            address = f"{address}%{target[3]}"  # the zone of a link-local address, without which it cannot be dialled
        addresses[address] = None
    return tuple(addresses)


def begin_lookup(resolver: Resolver, name: str, port: int, on_end: Callable[[], object]) -> Future[Sequence[str]]:
    """Run the resolver on a daemon thread; `on_end` is called on it when it has ended, however late.

    Raises RuntimeError when the system gives no more threads; `on_end` is not called then.
    """
    answer: Future[Sequence[str]] = Future()
    answer.set_running_or_notify_cancel()  # from here on it cannot be cancelled: only its waiter can leave

    def run() -> None:
        try:
            found = resolver(name, port)
        except Exception as error:  # noqa: BLE001 - carried to the waiting caller, where it is translated or rises
            answer.set_exception(error)
        else:
            answer.set_result(found)
        finally:
            on_end()

    Thread(target=run, name="lookup", daemon=True).start()
    return answer
