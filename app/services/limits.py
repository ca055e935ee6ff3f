"""Bounds of the services, each with its reason."""

#: Bytes asked for in one section range: the session's own bound (app.imap) is 1 MiB; several ranges make a large text.
SECTION_BYTES = 512 * 1024
#: Ranges asked for in one call: the session's own bound.
RANGES_AT_ONCE = 16
#: Ranges of a whole body, 32 MiB: four calls. Texts beyond them count as cut off.
MAX_RANGES = 64
#: Characters of a body unless the caller asks otherwise: a long newsletter is 100 kB of HTML.
DEFAULT_BODY_BYTES = 256 * 1024
#: Most characters of a body: what a phone can still lay out; `/parts` has the rest.
MAX_BODY_BYTES = 1024 * 1024
#: Part sizes remembered after a whole pass, for ranges: 64 bytes each.
KNOWN_SIZES = 10_000
#: Levels of a mailbox path; people have five. A server may send a name of a million delimiters, and each level is an
#: object in the answer.
MAX_LEVELS = 25
#: Pages remembered as they were answered, with their JSON: 50 kB each of 50 rows, so a few MB, 13 MB of the largest.
RECENT_PAGES = 64
#: Answers under an Idempotency-Key that wait in memory for a database that is down: a few kB each, 8 MB the largest.
UNKEPT_ANSWERS = 100
#: Largest answer that is kept for a repetition; the store's own bound. A batch of 10,000 messages is 2 to 5 MB.
KEPT_ANSWER_BYTES = 8 * 1024 * 1024
#: Mailboxes of one search: each costs a round trip, and its place in the cursor 16 bytes. Accounts with more name some.
SEARCHED_MAILBOXES = 200
#: Mailboxes searched at the same time: of three connections an account has, one stays for opening a message.
SEARCHES_AT_ONCE = 2
#: Characters of a search cursor: 200 mailboxes in base64.
SEARCH_CURSOR = 4_500
#: Messages of a conversation that are told at once: its newest; `total` counts all.
THREAD_MESSAGES = 500
#: Newest messages of each conversation that a page reads for its participants.
THREAD_SAMPLE = 5
#: Mailboxes a conversation is gathered from, one round trip each, where there is none with the role `all`.
THREAD_MAILBOXES = 50
#: Chunks of a snapshot read at a time for a copy: 8,000 messages, of which one chunk is decoded at once as JSON.
COPIED_CHUNKS = 8
