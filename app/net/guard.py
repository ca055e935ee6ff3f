"""Who may be dialled: globally routable unicast, and what the operator opened.

The lists are written out from the IANA special-purpose registries (RFC 6890) instead of asking `ipaddress`, whose
`is_global` is True for 192.88.99.1, 224.0.0.1, ::127.0.0.1, 64:ff9b::a9fe:a9fe, 2002:a9fe:a9fe::, fec0::1 and ff02::1.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from app.domain.errors import HostNotAllowed

Network = IPv4Network | IPv6Network

_REFUSED = (
    "The mail server's address is private or reserved and may not be dialled. "
    "The operator can open it with MAILHATCH_ALLOWED_MAIL_NETWORKS."
)

_SPECIAL_V4 = tuple(
    IPv4Network(cidr)
    for cidr in (
        "0.0.0.0/8",  # this network (RFC 791); Linux takes 0.0.0.0 as loopback
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # carrier NAT (RFC 6598); Alibaba's metadata 100.100.100.200
        "127.0.0.0/8",  # loopback (RFC 1122)
        "168.63.129.16/32",  # Azure's platform endpoint, public by number only
        "169.254.0.0/16",  # link-local (RFC 3927); metadata 169.254.169.254
        "172.16.0.0/12",  # private (RFC 1918)
        "192.0.0.0/24",  # IETF assignments (RFC 6890); Oracle's metadata 192.0.0.192
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # 6to4 relays, withdrawn (RFC 7526)
        "192.168.0.0/16",  # private (RFC 1918)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved (RFC 1112), broadcast 255.255.255.255
    )
)

#: All of global unicast there is (RFC 4291 section 2.4). ::, ::1, v4-compatible ::/96, the local NAT64 prefix
#: 64:ff9b:1::/48 (RFC 8215), discard 100::/64, SRv6 5f00::/16, fc00::/7 (metadata fd00:ec2::254), fe80::/10, fec0::/10
#: and multicast lie outside it.
_GLOBAL_V6 = IPv6Network("2000::/3")

_SPECIAL_V6 = tuple(
    IPv6Network(cidr)
    for cidr in (
        "2001::/23",  # IETF assignments (RFC 2928); Teredo in it is judged by what it embeds
        "2001:db8::/32",  # documentation (RFC 3849)
        "3ffe::/16",  # 6bone, withdrawn (RFC 3701)
        "3fff::/20",  # documentation (RFC 9637)
    )
)

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: how a network with IPv6 alone reaches any IPv4 mail server
_SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056
_TEREDO = IPv6Network("2001::/32")  # RFC 4380


class AddressGuard:
    """Decides whether an address may be dialled. Immutable, so any thread may use it."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        """Take the networks the operator opened besides all public addresses."""
        self._allowed = tuple(allowed)

    def check(self, address: str) -> None:
        """Raise HostNotAllowed unless `address`, numeric as a resolver returns it, may be dialled.

        An IPv6 address that carries IPv4 (mapped, NAT64, 6to4, Teredo) is only as good as every IPv4 address in it. A
        zone (`%eth0`) does not count. The error's detail does not repeat the address: through an internal name server
        it would tell outsiders the inside's numbers.
        """
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            raise HostNotAllowed(_REFUSED) from None
        if not self._permits(parsed):
            raise HostNotAllowed(_REFUSED)

    def _permits(self, address: IPv4Address | IPv6Address) -> bool:
        if any(address in network for network in self._allowed):
            return True
        if isinstance(address, IPv4Address):
            return not any(address in network for network in _SPECIAL_V4)
        if embedded := tuple(_embedded(address)):
            return all(self._permits(inner) for inner in embedded)
        return address in _GLOBAL_V6 and not any(address in network for network in _SPECIAL_V6)


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that packets to `address` end at or pass through."""
    number = int(address)
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in _NAT64:
        yield IPv4Address(number & 0xFFFF_FFFF)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address((number >> 80) & 0xFFFF_FFFF)
    elif address in _TEREDO:
        yield IPv4Address((number >> 64) & 0xFFFF_FFFF)  # the Teredo server
        yield IPv4Address(~number & 0xFFFF_FFFF)  # the client, its bits inverted (RFC 4380 section 4)
