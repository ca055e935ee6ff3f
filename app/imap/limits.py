"""Bounds of sessions and connections, each with its reason. Those of the grammar are in `wire/limits.py`."""

#: Bytes a server may send in answer to one flush: a page of 200 full rows is under 2 MB, 16 sections of 1 MiB are 16.
MAX_OPERATION = 32 * 1024 * 1024

#: Bytes a server may send before login is through: greeting, capabilities and a few challenges.
MAX_BEFORE_LOGIN = 256 * 1024

#: Responses to one flush. Another client may have expunged tens of thousands of messages; more means a new connection.
MAX_RESPONSES = 100_000

#: Responses to one flush before login.
MAX_RESPONSES_BEFORE_LOGIN = 1000

#: Reads of what came in unasked on an idle connection, before a change: news of the mailbox is far less.
MAX_UNASKED_READS = 64

#: SASL challenges in one authentication; the mechanisms we use have at most two.
MAX_CHALLENGES = 5

#: Characters of a username, password or access token. OAuth tokens of some providers pass 4,000.
MAX_CREDENTIAL = 16_384

#: Seconds a server may ask us to stay away; longer is taken as this.
MAX_BACKOFF = 3600.0

#: Commands in one flush: beyond about 50 a server's and our own socket buffers may both fill up, and neither reads.
MAX_PIPELINE = 48

#: Mailboxes of one account: the largest seen have some thousands, and writing more rows holds up the database.
MAX_MAILBOXES = 5_000

#: Bytes of a mailbox name; file systems allow 255 a level, and names over this are left out of the list.
MAX_MAILBOX_NAME = 4_096

#: Rows of one page.
MAX_PAGE = 200

#: Bytes of the header fields fetched with a row: References of a long thread, List-Unsubscribe.
MAX_ROW_HEADER = 16_384

#: Bytes of the beginning of the text fetched for a preview.
PREVIEW_BYTES = 4096

#: Bytes of the header of an open message.
MAX_HEADER = 256 * 1024

#: Bytes of a message fetched whole because the server's own BODYSTRUCTURE cannot be read.
MAX_RAW_FOR_STRUCTURE = 1024 * 1024

#: Bytes of one section range.
MAX_SECTION_RANGE = 1024 * 1024

#: Ranges of one call: an HTML body shows a few texts and inline images at a time.
MAX_SECTION_RANGES = 16

#: Levels of a section number. Mail nests three or four deep; the tokenizer stops at about 30 levels.
MAX_SECTION_LEVELS = 40

#: Flushes that a page may take while the mailbox changes under it; then the next call sees the rest.
MAX_PAGE_FLUSHES = 8

#: Points probed at a time for a place in a mailbox without ESEARCH: 50,000 messages take three flushes.
PROBES = 50

#: Messages opened in one flush: their headers, at `MAX_HEADER` each, stay under `MAX_OPERATION` together.
MAX_MESSAGES_AT_ONCE = 100

#: Bytes of sections of many messages asked for in one flush: half of `MAX_OPERATION`.
MAX_SECTIONS_AT_ONCE = 16 * 1024 * 1024

#: UIDs in one command: at eleven characters each they leave room for flags, sections and a name in `MAX_COMMAND_LINE`.
MAX_SET_UIDS = 500

#: Bytes of all flags in one change, so that a command with them and a set stays under `MAX_COMMAND_LINE`.
MAX_FLAGS_WRITTEN = 1_500

#: Sets of UIDs changed in one flush; their answers are short, and what was not sent is known not to be done.
MAX_SETS_AT_ONCE = 8

#: How often a set is sent again because some of its messages had gone without our knowing; each try learns which.
MAX_EDIT_ATTEMPTS = 3

#: Bytes of an uploaded message gathered before they are sent.
SEND_SIZE = 65_536

#: Bytes of a message that are sent before the server has agreed to take them: a wasted upload costs less than the
#: round trip it would take to ask.
MAX_LITERAL_AT_ONCE = 65_536

#: Messages a search may find: 4 MB of UIDs. Larger mailboxes exist, and nobody reads a million hits.
MAX_MATCHES = 1_000_000

#: Different terms of one search that a server cannot run: each doubles the searches that are sent.
MAX_OPEN_TERMS = 2

#: Messages whose conversations are told by ids of the server: 60 bytes each on the wire, a quarter second to read.
MAX_THREAD_IDS = 5_000

#: Messages that the service groups itself by their references, where the server cannot: 300 bytes each on the wire.
MAX_GROUPED = 2_000

#: Bytes of the header fields that name other messages; References of a long thread.
MAX_REFERENCES = 8_192
