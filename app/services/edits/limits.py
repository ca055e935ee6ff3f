"""Bounds of acting on mail, each with its reason."""

#: Characters of a client_mutation_id: a UUID has 36, some clients prefix theirs. Kept with each event it causes.
MUTATION_ID_CHARS = 128
#: Flags added or removed at once: mail has five and a handful of keywords; a mailbox seldom allows 26 new ones.
FLAGS_AT_ONCE = 50
#: Characters of a keyword: servers take 64 to 255 (Dovecot 50 by default, and says no to longer ones).
KEYWORD_CHARS = 100
#: Messages named in one batch.
BATCH_MESSAGES = 1_000
#: Messages of a filter that one call acts on: 10,000 results are 2 to 5 MB, and an answer under an Idempotency-Key is
#: kept whole up to 8 MB. `has_more` tells that some are left.
FILTER_MESSAGES = 10_000
#: Messages in one command to the mail server: its work of seconds stays under the deadline, and what a lost connection
#: leaves unknown stays countable.
MESSAGES_AT_ONCE = 1_000
#: How many deadlines of one operation a whole batch may take before the rest is left undone and told so.
BATCH_DEADLINES = 6
#: Characters of a search query in a filter.
QUERY_CHARS = 1_000
#: Characters of one level of a mailbox name: file systems behind mail servers end at 255 bytes.
NAME_CHARS = 255
#: Mailboxes deleted together with the one they lie in: each is a command of its own.
DELETED_AT_ONCE = 200
#: Bytes of an uploaded message kept in memory; larger ones go to an anonymous temporary file.
MEMORY_BYTES = 1024 * 1024
#: Uploads one token may have on their way: each may fill a temporary file.
UPLOADS_AT_ONCE = 4
#: Bytes a second that a mail server is expected to take at least, for the deadline of storing a large message.
SLOWEST_UPLOAD = 256 * 1024
#: Newest messages looked through for one just stored, where the mail server does not tell its id: others may arrive.
NEWEST_LOOKED_AT = 20
