"""The one way out: resolve, check every address, connect to a checked one."""

import socket
import time
from collections.abc import Callable, Sequence
from threading import BoundedSemaphore

from app.domain.errors import TooManyConnections, UpstreamTimeout, UpstreamUnavailable
from app.net.connect import connect_first
from app.net.deadline import remaining
from app.net.guard import AddressGuard
from app.net.host import ascii_host, check_port
from app.net.limits import MAX_LOOKUPS
from app.net.lookup import Resolver, begin_lookup, resolve

#: Takes the checked addresses and the seconds the lookup took.
ResolvedListener = Callable[[Sequence[str], float], None]

_LOOKUP_LATE = "The mail server's name could not be looked up in time."


class Dialer:
    """Opens connections to hosts a caller named. Safe from any thread."""

    def __init__(self, guard: AddressGuard, resolver: Resolver = resolve) -> None:
        """Take who may be dialled and, for tests, another resolver."""
        self._guard = guard
        self._resolver = resolver
        self._lookups = BoundedSemaphore(MAX_LOOKUPS)

    def dial(self, host: str, port: int, deadline: float, on_resolved: ResolvedListener | None = None) -> socket.socket:
        """Connect to `host`, blocking until `deadline` (monotonic seconds) at most.

        The name is looked up once, every address of the answer is checked, and only checked addresses are dialled, so
        a name that changes between check and use (DNS rebinding) gains nothing. An answer that mixes allowed and
        refused addresses is refused as a whole: public hosts have no private addresses, and which address is dialled
        must not hang on luck. The socket's timeout is what is left of the deadline.

        Raises InvalidRequest for a bad host or port, HostNotAllowed, UpstreamUnavailable (unknown name, refused, no
        route), UpstreamTimeout, and TooManyConnections when this process is out of sockets or threads.
        """
        check_port(port)
        name = ascii_host(host)
        started = time.monotonic()
        addresses = self._look_up(name, port, deadline)
        if not addresses:
            raise UpstreamUnavailable(f"The mail server's name {name} has no address.")
        for address in addresses:
            self._guard.check(address)
        if on_resolved is not None:
            on_resolved(addresses, time.monotonic() - started)
        return connect_first(addresses, port, deadline)

    def _look_up(self, name: str, port: int, deadline: float) -> Sequence[str]:
        """Run the resolver on a daemon thread: a lookup cannot be cancelled, but its caller can leave."""
        if not self._lookups.acquire(timeout=remaining(deadline)):
            raise UpstreamTimeout(_LOOKUP_LATE)
        try:
            answer = begin_lookup(self._resolver, name, port, self._lookups.release)
        except RuntimeError:  # the system gives no more threads
            self._lookups.release()
            raise TooManyConnections("The service has no free threads.", retry_after=5) from None
        try:
            return answer.result(remaining(deadline))
        except TimeoutError:
            raise UpstreamTimeout(_LOOKUP_LATE) from None
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise UpstreamUnavailable(f"The name service did not answer for {name}.", retry_after=5) from None
            raise UpstreamUnavailable(f"The mail server's name {name} is not known.") from None
        except (OSError, UnicodeError):
            raise UpstreamUnavailable(f"The mail server's name {name} could not be looked up.") from None
