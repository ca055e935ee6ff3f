"""Bounds of this room, each with its reason."""

#: Longest host name in characters (RFC 1035 section 2.3.4: 255 octets on the wire, 253 as text).
MAX_HOST = 253

#: Name lookups at a time. A lookup cannot be cancelled, so one that hangs keeps its thread past the caller's deadline;
#: glibc gives up after some 10 to 30 seconds, which frees it.
MAX_LOOKUPS = 64

#: Addresses tried of one answer. Real mail hosts have up to four of each family; more only wastes the deadline.
MAX_ADDRESSES = 8

#: Seconds before the next address is tried while earlier ones are still silent (RFC 8305 section 5).
ATTEMPT_DELAY = 0.25

#: Keepalive in seconds: a dead peer is noticed after about two minutes (60 + 4 * 15), and NAT entries, which many
#: routers drop after five minutes, stay warm.
KEEPALIVE_IDLE = 60
KEEPALIVE_INTERVAL = 15
KEEPALIVE_PROBES = 4

#: Characters of a `ca_pem`: some forty certificates; a private authority needs one to three.
MAX_CA_PEM = 65_536

#: Contexts kept for accounts with their own authorities. One holds the system's store too, about 1 MB, and costs 41 ms
#: CPU to build.
MAX_CONTEXTS = 32

#: Name lookups of the HTTP side at a time, apart from those for mail servers: a name service that hangs for one side
#: must not stop the other.
MAX_HTTP_LOOKUPS = 64

#: Seconds an HTTP connection is kept for the next request; most servers close theirs after 60 to 75.
HTTP_KEEPALIVE = 30.0

#: Bytes asked of a socket at a time; TLS gives at most 16 KiB of them at once.
RECEIVE_SIZE = 65_536
