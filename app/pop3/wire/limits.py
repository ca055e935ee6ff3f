"""Bounds of the grammar, each with its reason."""

#: Bytes of a status line, or of a line of a listing. RFC 1939 says 512; servers with long UIDLs pass it.
MAX_LINE = 4096

#: Octets of a command line without its CRLF (RFC 2449 section 4: 255 with it). Tokens and passphrases are longer, and
#: servers take them.
MAX_COMMAND_LINE = 16_384

#: Octets of a line with which SASL credentials may still go in the command itself (RFC 5034 section 4: 255 with CRLF).
MAX_INITIAL_RESPONSE_LINE = 253

#: Octets of a UIDL. RFC 1939 says 70; some servers send 200 and more. What is longer does not identify a message.
MAX_UIDL = 512

#: Messages of one maildrop: the largest real ones have some tens of thousands.
MAX_MESSAGES = 200_000

#: Digits of a message number or a size: 4 GiB and 200,000 need ten at most.
MAX_DIGITS = 12

#: Lines of a CAPA answer.
MAX_CAPABILITIES = 200
