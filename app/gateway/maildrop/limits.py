"""Bounds of maildrops, each with its reason. Times are seconds, sizes bytes."""

#: Headers read in one look: the first page comes after the first look, the rest of a large maildrop with the next ones.
HEADERS_A_LOOK = 1000

#: A page asked for within this time of the last look costs no look: a frontend that opens the inbox and then a page
#: below it must not log in twice.
FRESH = 15.0

#: Looks in a row that must have missed a message whose identity is weak before it is called gone.
WEAK_SIGHTINGS = 2

#: Largest message that is downloaded. It is parsed in memory, in a thread.
MAX_MESSAGE = 50 * 1024 * 1024

#: How long a tombstone is kept: a server that lists a message again within this time brings nothing new.
TOMBSTONES = 90 * 24 * 3600.0

#: Trees of opened messages kept in memory, over all accounts; a usual one takes 5 to 20 kB.
PARSED = 300

#: Bytes of the beginning of the text read for a preview.
PREVIEW_BYTES = 4096

#: How long a session is kept for the next call: whoever opens the inbox opens a message next. Then others may have the
#: maildrop, and mail that came meanwhile is seen.
SESSION_IDLE = 2.0

#: A session does not see what arrives while it lasts.
SESSION_LIFETIME = 20.0

#: Messages of a maildrop that a search looks at, the newest; about 2 kB each while it lasts.
HELD = 50_000
