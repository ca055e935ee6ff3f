"""Bounds of the storage, each with its reason. Times are seconds, sizes bytes."""

SQLITE_READERS = 4
"""Reading connections; each is a thread of its own, and a read takes well under a millisecond."""

SQLITE_BUSY = 10.0
"""How long a statement waits while another process (the command line) writes."""

SQLITE_WAL = 64 * 1024 * 1024
"""The write-ahead log is cut back to this after a checkpoint, so that one burst does not keep the disk."""

POSTGRESQL_POOL = 10
"""Connections a process keeps; ten replicas stay under PostgreSQL's default of 100."""

POSTGRESQL_RECYCLE = 1800.0
"""Age after which a connection is replaced: fail-over and changed addresses are noticed."""

CONNECT = 10.0
"""Deadline of one connection to PostgreSQL."""

STATEMENT = 30.0
"""Deadline of one statement; ours take milliseconds, so a longer one is stuck."""

POOL_WAIT = 10.0
"""How long a transaction waits for a connection before the caller is told to come back."""

RETRY_AFTER = 1.0
"""When to come back after the database could not be used."""

ATTEMPTS = 4
"""How often a transaction that lost a race is tried; each time somebody else won, so losing four is rare."""

MIGRATION_WAIT = 120.0
"""How long a start waits for another process that is migrating."""

PAGE = 1000
"""Most rows one list may answer; pages of the API are at most 200."""

TOKEN_ACCOUNTS = 10_000
"""Accounts one token may be bound to: each is a parameter of the finders' statements, which end at 32,766."""

MAILBOX_ROWS = 500
"""Mailbox rows in one statement: five parameters each, far from the engines' end."""

PARAMETERS = 10_000
"""Numbers in one IN list."""

CLAIM = 600.0
"""How long an Idempotency-Key stays taken when its request never ended: longer than any request may run."""

ANSWER_KEPT = 24 * 3600.0
"""How long a finished answer is replayed."""

ANSWER_BYTES = 8 * 1024 * 1024
"""Largest answer that is kept: a batch of 10,000 messages is 2 to 5 MB."""

PURGE = 500
"""Rows one purging transaction deletes, so that other writers wait milliseconds."""

KEY_BYTES = 1200
"""Longest indexed text in UTF-8: two of them fit PostgreSQL's index entry of 2,704 bytes."""

SERVER_ID = 255
"""Longest MAILBOXID (RFC 8474 section 7, objectid)."""

MOVED_KEPT = 7 * 86_400.0
"""How long the new id of a moved message is told: a week, in which any client has listed again."""

MOVED_ROWS = 20_000
"""Moved messages remembered of one account, about 4 MB: two of the largest batches."""

MOVED_HOPS = 8
"""Moves of one message that are followed: each is a question to the database."""
EVENTS_AT_ONCE = 1000
"""Events one page reads: about 300 kB."""

EVENT_ROWS = 1000
"""Events in one INSERT: ten parameters each, a third of what PostgreSQL takes."""

CHUNK_UIDS = 1000
"""Most UIDs in one chunk of a snapshot: what one changed flag rewrites is about 3 kB."""

CHUNK_ROWS = 200
"""Chunks in one statement: under a megabyte."""

BODY_PART = 3600.0
"""Age at which a half-written message is nobody's any more; a command may run beside the service in the same folder."""

CLAIMS = 50
"""Endpoints in one claiming statement: each is a SELECT of its own in it, and SQLite takes 500."""

LANE_ROWS = 500
"""Lanes in one INSERT: twelve parameters each."""

LANES_READ = 50
"""Lanes whose events one statement reads."""

DELIVERY_ROWS = 500
"""Attempts in one INSERT."""

DECODED_AT_ONCE = 500
"""Rows of a maildrop decoded on the event loop, about 15 µs each; more are decoded in a thread."""
