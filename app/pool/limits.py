"""Bounds of the pool, each with its reason. Times are seconds."""

#: A session enforces its deadline itself; this much later the pool cuts the connection, so that a bug in a session
#: cannot hold a thread. Once more as long, and the caller gets its answer though the thread has not come back.
ABORT_GRACE = 1.0

#: A LOGOUT is politeness: servers that do not answer it soon are cut.
LOGOUT_TIME = 2.0

#: Connect failures: 1 s, 2 s, 4 s … A restarted mail server is found again soon, a dead one is asked every 5 minutes.
BACKOFF_FIRST = 1.0
BACKOFF_LONGEST = 300.0

#: Every delay is spread by this share, so that the accounts of one server do not come back all at once.
BACKOFF_JITTER = 0.2

#: After refused credentials no login is tried for this long: providers lock accounts after a handful of bad ones.
LOGIN_PAUSE = 900.0

#: The longest pause a server may ask for; a broken or hostile one could ask for years.
SERVER_PAUSE_LONGEST = 3600.0

#: How long after its last backoff a failing account is remembered, so that the next failure doubles.
BREAKER_MEMORY = 600.0

#: Connections opened together must not end together.
LIFETIME_JITTER = 0.1

#: Calls that may wait for one account's connections: beyond this the wait would outlast any deadline.
WAITERS_PER_ACCOUNT = 200

#: What a caller who met back-pressure is told to wait.
BUSY_RETRY_AFTER = 1.0

#: A connection that was idle for longer is asked whether it lives, before something that must not be done twice: a
#: firewall may have forgotten it without telling. One in use until now has hardly been forgotten, and is not asked.
ASK_AFTER = 30.0

#: How long the answer may take; the operation itself still has to be done in the caller's time, on another connection.
PING_TIME = 4.0

#: Accounts that are remembered as ones that change mail. One that was forgotten pays a round trip at its next change.
WRITERS = 10_000

#: The reaper looks this often at most and at least.
REAP_SOONEST = 0.5
REAP_LATEST = 15.0
