"""Flags on the wire: our words as IMAP writes them (RFC 9051 section 2.3.2, flag-keyword of section 9)."""

import re

from app.domain.flags import SYSTEM_FLAGS
from app.imap.wire.commands import UnsafeCommand
from app.imap.wire.limits import MAX_KEYWORD

_SYSTEM = {word: rb"\%s" % word.capitalize().encode("ascii") for word in SYSTEM_FLAGS.values()}

#: atom of RFC 9051 section 9: no blank, no control character, none of ( ) { % * " \ ]
_KEYWORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+", re.ASCII)


def write_flag(word: str) -> bytes:
    r"""Write one flag: `seen` as `\Seen`, a keyword as it is. Raises UnsafeCommand for what no flag can be."""
    system = _SYSTEM.get(word)
    if system is not None:
        return system
    if len(word) > MAX_KEYWORD or not _KEYWORD.fullmatch(word) or word.upper() == "NIL":  # a parser may take it as none
        raise UnsafeCommand("not a flag")
    return word.encode("ascii")


def is_keyword(flag: bytes) -> bool:
    """Whether a flag as written here is a keyword, not one of the system's."""
    return not flag.startswith(b"\\")
