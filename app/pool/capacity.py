"""The ceilings over all accounts: connections to one host, and of the process."""

from dataclasses import dataclass, field

from app.domain.ports import Clock
from app.pool.account import Connection, Slot
from app.pool.options import PoolOptions
from app.pool.pacing import LoginPace
from app.pool.waiter import Waiter


@dataclass(frozen=True, slots=True)
class Grant:
    """A right to connect, and the idle connection of somebody else that must be closed before it is used."""

    slot: Slot
    victim: Connection | None


@dataclass(slots=True, eq=False)
class Host:
    """What counts for one mail host: slots in use, those who wait for one, and the pace of logins."""

    pace: LoginPace
    open: int = 0
    claims: dict[Waiter[Grant], None] = field(default_factory=dict)


class Capacity:
    """Hands out slots, first come, first served within a host; decides, and does no I/O.

    At a ceiling the connection that has been idle longest gives its slot to whoever needs one: an idle connection is a
    convenience, a waiting call is not.
    """

    def __init__(self, options: PoolOptions, clock: Clock) -> None:
        """Start with every slot free."""
        self._options = options
        self._clock = clock
        self._hosts: dict[str, Host] = {}
        self._hungry: dict[str, None] = {}
        self._idle: dict[Connection, None] = {}
        self.open = 0
        """Slots in use."""

    @property
    def idle(self) -> tuple[Connection, ...]:
        """Idle connections of all accounts, the one unused longest first."""
        return tuple(self._idle)

    @property
    def hosts(self) -> int:
        """How many hosts are remembered."""
        return len(self._hosts)

    def pace(self, host: str) -> LoginPace:
        """The pace of logins to a host."""
        return self._host(host).pace

    def shelve(self, connection: Connection) -> None:
        """Note that a connection is idle from now on."""
        connection.idle_since = self._clock.monotonic()
        connection.account.idle[connection] = None
        self._idle[connection] = None

    def unshelve(self, connection: Connection) -> None:
        """Note that a connection is idle no more."""
        del connection.account.idle[connection]
        del self._idle[connection]

    def claim(self, host: str) -> Waiter[Grant]:
        """Ask for a slot: the answer is there at once, or comes when one is free. End it with `leave`."""
        claim: Waiter[Grant] = Waiter()
        self._host(host).claims[claim] = None
        self._hungry.setdefault(host)
        self.feed()
        return claim

    def leave(self, host: str, claim: Waiter[Grant]) -> None:
        """Take a claim out of its queue, if it is still there."""
        self._host(host).claims.pop(claim, None)

    def release(self, slot: Slot) -> None:
        """Give a slot back, after its connection is closed; whoever waits gets it."""
        self._hosts[slot.host].open -= 1
        self.open -= 1
        self.feed()

    def feed(self) -> None:
        """Serve waiting claims as far as slots, or idle connections that can be closed for them, go round."""
        served = True
        while served:
            served = False
            for host in tuple(self._hungry):
                if self._serve_one(host):
                    served = True
                    del self._hungry[host]  # to the end: hosts take turns when the process is full
                    self._hungry[host] = None
                elif not self._hosts[host].claims:
                    del self._hungry[host]

    def prune(self) -> None:
        """Forget hosts nothing is known about."""
        for name in [name for name, host in self._hosts.items() if not host.open and not host.claims]:
            if self._hosts[name].pace.is_idle:
                del self._hosts[name]

    def _host(self, name: str) -> Host:
        if name not in self._hosts:
            self._hosts[name] = Host(LoginPace(self._options.logins_per_host, self._clock))
        return self._hosts[name]

    def _serve_one(self, host: str) -> bool:
        claims = self._hosts[host].claims
        for claim in tuple(claims):
            if claim.is_open:
                grant = self._grant(host)
                if grant is None:
                    return False
                claim.offer(grant)
                del claims[claim]
                return True
            del claims[claim]
        return False

    def _grant(self, name: str) -> Grant | None:
        host = self._hosts[name]
        is_host_full = host.open >= self._options.connections_per_host
        victim = None
        if is_host_full or self.open >= self._options.connections_total:
            victim = self._victim(name if is_host_full else None)
            if victim is None or victim.slot is None:
                return None
            self.unshelve(victim)
            self._hosts[victim.slot.host].open -= 1
            self.open -= 1
            victim.slot = None
        host.open += 1
        self.open += 1
        return Grant(Slot(name), victim)

    def _victim(self, host: str | None) -> Connection | None:
        for connection in self._idle:
            if host is None or (connection.slot is not None and connection.slot.host == host):
                return connection
        return None
