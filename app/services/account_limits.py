"""Bounds of accounts and access, each with its reason."""

#: Seconds a verified token or an account row may be answered from memory: what another process changed shows after it.
RECENT_SECONDS = 2.0
#: Tokens and account rows kept in memory, a few hundred bytes each: some ten megabytes at the very most.
RECENT_ROWS = 10_000
#: Rate-limit buckets kept; an evicted bucket is a full one, so the bound must exceed the tokens in use at a time.
BUCKETS = 50_000
#: Failed authentications one address may make at once, and per minute afterwards: people mistype, guessers do not stop.
FAILURES_AT_ONCE = 60
FAILURES_PER_MINUTE = 60

#: Rows a list answers at most (CONVENTIONS, Pages).
PAGE_ROWS = 200
#: Token rows looked through for one page: a caller that reaches few tokens pages on instead of holding the database.
TOKEN_SCAN_ROWS = 2_000
#: An id cursor is 8 bytes of digest and an id; longer ones are not ours.
CURSOR_CHARS = 200

#: Characters of a token's name: it is shown in lists and logs.
TOKEN_NAME_CHARS = 200
#: Accounts one token may name: the list is read at every verification; more accounts are a tenant's business.
TOKEN_ACCOUNTS = 1_000
#: Seconds a token may live, ten years, and must live: a shorter one would expire on its way.
TOKEN_SECONDS = 10 * 366 * 86_400
TOKEN_SECONDS_LEAST = 1
#: The settings' own bound.
REQUESTS_PER_MINUTE = 10_000_000

#: Accounts in one batch (issue: 100), and how many of them are verified at a time, as in the background.
BATCH_ACCOUNTS = 100
VERIFICATIONS_AT_ONCE = 10
#: Background connections waiting their turn; those over it stay `pending` and connect at their first use.
VERIFICATIONS_WAITING = 10_000
#: How often a write is tried again when another writer was faster.
WRITE_ATTEMPTS = 4
#: Seconds that state changes gather before they are written: a login's `connecting` and `connected` are one write.
STATE_SETTLE = 0.25
#: Seconds a written state is remembered: another process may have changed it since.
STATE_MEMORY = 60.0
#: Seconds before a state that could not be written is tried again.
STATE_RETRY = 5.0

#: RFC 1035 section 2.3.4.
HOST_CHARS = 253
#: RFC 5321 section 4.5.3.1: 64 octets, `@`, 255 octets.
EMAIL_CHARS = 320
#: Lengths of the caller's own words; indexed, so they must fit an index row of either database.
EXTERNAL_ID_CHARS = 255
TENANT_CHARS = 255
#: Longest user name and password real servers take, with room; both travel in one command line.
USERNAME_CHARS = 512
PASSWORD_CHARS = 4_096
#: Microsoft's access tokens reach 4 kB; SASL sends them base64 in one line.
ACCESS_TOKEN_CHARS = 16_384
#: Unix seconds before which an access token ends: the year 9000. Written in UTC, a time near the end of 9999 may lie in
#: the year 10000, which has no date, and an account with it could never be shown.
LAST_EXPIRY = 221_845_392_000.0
#: A company's CA bundle; the system's has its own setting (`MAILHATCH_CA_FILE`).
CA_PEM_CHARS = 65_536
#: Metadata is a label, not a store.
METADATA_ENTRIES = 50
METADATA_KEY_CHARS = 64
METADATA_VALUE_CHARS = 1_024
