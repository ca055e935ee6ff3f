"""Bounds of the gateway, each with its reason."""

#: One chunk of a streamed section, in encoded bytes: large enough that a round trip of 50 ms still gives 5 MB/s, small
#: enough that an interactive call never waits long behind one, and that a thousand streams fit into memory.
STREAM_CHUNK = 256 * 1024

#: Memory for structures of opened messages, over all accounts. A usual one takes 5 to 20 kB.
STRUCTURE_CACHE_BYTES = 8 * 1024 * 1024

#: A structure larger than this is not kept: one message with ten thousand parts must not push all others out.
STRUCTURE_BYTES = STRUCTURE_CACHE_BYTES // 16

#: Accounts whose capabilities are remembered, about 3 kB each.
CAPABILITIES = 4096

#: What the tables around one cached summary take: its entry, its place in two tables and their spare room. Measured.
SUMMARY_OVERHEAD = 420

#: What one cached mailbox takes before its first summary. Measured.
MAILBOX_OVERHEAD = 900

#: Accounts of which it is remembered who speaks to them, about 200 bytes each.
PROTOCOLS = 100_000

#: Rows looked at for one page of a search whose terms the mail server could not all run: a quarter second of reading;
#: the next page goes on from there.
SCANNED_ROWS = 500

#: Rows fetched at a time while looking: two round trips find a page of 50 where every fourth message answers.
SCAN_BLOCK = 100

#: Messages that the service sorts itself: all their rows are fetched for each page, unless they are cached.
SORTED_BY_SERVICE = 500

#: Rows looked at to find all messages that answer: an action on many is not tried on a guess.
SCANNED_FOR_ALL = 5_000

#: UIDs that a sorted page remembers of its end: while one is there, the next page begins right after it.
REMEMBERED_PLACES = 4
