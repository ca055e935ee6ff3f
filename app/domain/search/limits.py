"""Bounds of a search, each with its reason. What breaks one is refused before a mail server hears of it."""

#: Characters of a whole query: people write under a hundred, programs that name twenty senders a thousand.
MAX_QUERY = 2000

#: Terms of a query: each may read every message of a mailbox on the mail server.
MAX_TERMS = 50

#: Levels of parentheses and minus signs.
MAX_DEPTH = 10

#: Characters of one text: the longest honest one is a Message-ID or an address.
MAX_TEXT = 320

#: Bytes `larger:` and `smaller:` may name: a number on the wire has 32 bits (RFC 3501 section 9).
MAX_SIZE = 0xFFFFFFFF

#: Units of `older_than:` and `newer_than:`.
MAX_AGE = 9999

#: Days of `before:` and `after:`: mail begins with Unix time, and a server need not know the far future.
FIRST_YEAR = 1970
LAST_YEAR = 2199
