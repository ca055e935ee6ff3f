"""Bounds of the grammar, each with its reason. A server that breaks one of framing ends its connection; one of
tokenizing costs the message it was about, no more.
"""

#: Bytes of one line. The longest honest ones are an ENVELOPE with thousands of recipients and SEARCH answers.
MAX_LINE = 2 * 1024 * 1024

#: Bytes of flags rows read together, and remembered: a page of 200 with a few flags each has 15 kB.
MAX_RUN = 16 * 1024

#: Bytes of one literal. We ask for ranges of at most 1 MiB; some servers ignore the range.
MAX_LITERAL = 4 * 1024 * 1024

#: Digits of an announced literal: 4 GiB needs ten; longer numbers are hostile.
MAX_LITERAL_DIGITS = 10

#: Bytes of one response, lines and literals together.
MAX_RESPONSE = 8 * 1024 * 1024

#: Literals in one response. We ask for at most a few dozen sections at once; an ENVELOPE may bring a few hundred.
MAX_LITERALS = 2000

#: Depth of parentheses. BODYSTRUCTURE needs about three a level; real mail stays under ten levels.
MAX_NESTING = 100

#: Lists, quoted strings and blanks of one response: a message with 10,000 recipients has 10,000, 40,000 and 40,000;
#: a search may answer with a few hundred thousand numbers.
MAX_LISTS = 50_000
MAX_STRINGS = 200_000
MAX_ATOMS = 500_000

#: Opening brackets of one response: each may start a section, which is looked for over 1,000 bytes.
MAX_SECTIONS = 20_000

#: Characters of a quoted string we send; longer ones go as a literal (RFC 2683 section 3.2.1.5: lines under 8,000).
MAX_QUOTED = 1000

#: Bytes of a literal that LITERAL- lets go without waiting (RFC 7888 section 5).
MAX_LITERAL_MINUS = 4096

#: Bytes of a line we send, without literals: what servers take at least (RFC 2683 section 3.2.1.5).
MAX_COMMAND_LINE = 8000

#: Numbers taken from a set the server sends (VANISHED 1:4294967295 would be four thousand million).
MAX_SET_RANGES = 100_000

#: Characters of a keyword we send; servers keep them in file names or fixed fields, and people write short ones.
MAX_KEYWORD = 100
