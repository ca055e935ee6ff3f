"""Bounds of watching, each with its reason. Times are seconds."""

#: Looks at one mailbox in a row while it changes under them; then the next round sees the rest.
LOOKS_IN_A_ROW = 4

#: Longest wait after failures; the pool's breaker stays away longer where the server asks for it.
LONGEST_BACKOFF = 900.0

#: First wait after a failure; doubled each time.
FIRST_BACKOFF = 5.0

#: By how much waits differ, so that accounts do not all ask at once.
JITTER = 0.2

#: Deadline of one question: a listing of some thousand mailboxes or a window of flags may take a while.
QUESTION = 60.0

#: Accounts that are asked at the same time: each needs a thread while it is.
ROUNDS_AT_ONCE = 16

#: How often the accounts to be watched are read from the database.
ACCOUNTS_EVERY = 10.0

#: How often being in sync is written down although nothing changed.
NOTE_EVERY = 60.0

#: Most accounts one process watches.
MAX_WATCHED = 5000
