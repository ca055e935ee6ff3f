"""Bounds of connections and sessions, each with its reason. Those of the grammar are in `wire/limits.py`."""

#: Bytes a server may send before login is through: greeting, capabilities and a few challenges.
MAX_BEFORE_LOGIN = 64 * 1024

#: Bytes of the listings of a maildrop: 200,000 lines of UIDL and LIST with long ids.
MAX_LISTING = 64 * 1024 * 1024

#: Bytes of one message's header from TOP; what is longer is cut, and says so.
MAX_HEADER = 256 * 1024

#: Messages whose header is asked for in one flush. Their answers are read while nothing more is sent, so that neither
#: side's socket buffer fills up.
TOP_BATCH = 200

#: Commands in one flush where the answer is a line: what RFC 2449 section 6.8 leaves to the client's window.
PIPELINE = 100

#: Characters of a username, password or access token.
MAX_CREDENTIAL = 12_000

#: Seconds after which a server that says LOGIN-DELAY without a number, or IN-USE, is asked again.
BUSY_RETRY = 15.0

#: Bytes of a message above its header that may be fetched where the server has no TOP.
MAX_RETR_FOR_HEADER = 512 * 1024
