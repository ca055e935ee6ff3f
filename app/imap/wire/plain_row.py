"""List rows as servers mostly write them, read by two patterns instead of token by token.

A page of 50 rows has 6,000 tokens, and reading them is most of what a page costs. Nearly all rows are alike: quoted
strings without escapes, few addresses, and a message of texts alone. Whatever differs (a literal, a backslash, another
order, an attachment) is left to the tokenizer, item by item, so that these patterns decide nothing but speed. Both read
what stands outside of quoted strings: no sender can put `(` before a quote that the server did not write.
"""

import re
from functools import lru_cache

from app.domain.message import Address
from app.imap.wire.envelope import Envelope, make_envelope, read_addresses
from app.imap.wire.reader import Pieces
from app.imap.wire.tokenizer import Token, tokenize

_QUOTED = rb'"[^"\\]*+"'
_STRING = rb"(?:NIL|" + _QUOTED + rb")"
#: address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"; groups have NIL where these want a string.
_LIST = rb"(?:NIL|\((?:\(" + _STRING + rb" NIL " + _QUOTED + rb" " + _QUOTED + rb"\) ?)++\))"
_ENVELOPE = (
    rb"ENVELOPE \((" + _STRING + rb") (" + _STRING + rb") (" + _LIST + rb") " + _LIST + rb" (" + _LIST + rb") ("
    + _LIST + rb") (" + _LIST + rb") " + _LIST + rb" (" + _STRING + rb") (" + _STRING + rb")\) BODYSTRUCTURE "
)  # fmt: skip

#: The beginning of a row, in the order it was asked for.
_HEAD = re.compile(
    rb"\(UID ([0-9]{1,10}) FLAGS \(([^()\"]*+)\) INTERNALDATE ("
    + _QUOTED
    + rb") RFC822\.SIZE ([0-9]{1,19}) "
    + _ENVELOPE
)

#: A text leaf without a name: nothing that `app.mime.attachments` could call an attachment.
_PARAMETERS = rb'(?:NIL|\((?:"(?i:charset|format|delsp)" ' + _QUOTED + rb" ?)++\))"
_TEXT = (
    rb'\("(?i:text)" "(?i:plain|html)" ' + _PARAMETERS + rb" " + _STRING + rb" NIL " + _QUOTED
    + rb' [0-9]{1,19} [0-9]{1,19}(?: NIL)?(?: (?:NIL|\("(?i:inline)" NIL\)))?(?: NIL){0,2}\)'
)  # fmt: skip
_ANY_PARAMETERS = rb"(?:NIL|\((?:" + _QUOTED + rb" " + _QUOTED + rb" ?)++\))"
_TEXTS = (
    rb"\((?:" + _TEXT + rb'){1,20} "(?i:alternative|mixed|related)" ' + _ANY_PARAMETERS + rb"(?: NIL){0,3}\)"
)  # fmt: skip
#: A leaf that is a file: in multipart/mixed every one is an attachment, but for the control parts of other formats.
_FILE = (
    rb'\("(?i:application|image|audio|video|font|model)" "(?!(?i:pgp-encrypted|applefile)")[^"\\]*+" ' + _ANY_PARAMETERS
    + rb" " + _STRING + rb" " + _STRING + rb" " + _QUOTED + rb" [0-9]{1,19}(?: " + _STRING + rb")?(?: (?:NIL|\("
    + rb"[^\"\\()]*+" + _QUOTED + rb" " + _ANY_PARAMETERS + rb"\)))?(?: NIL){0,2}\)"
)  # fmt: skip
_FILES = (
    rb"\((?:" + _TEXT + rb"|" + _TEXTS + rb")((?:" + _FILE + rb'){1,20}) "(?i:mixed)" ' + _ANY_PARAMETERS
    + rb"(?: NIL){0,3}\)"
)  # fmt: skip
#: The end of a row: its structure, and the name of the header fields, whose literal follows.
_TAIL = re.compile(
    rb"(?:" + _TEXT + rb"|" + _TEXTS + rb"|" + _FILES + rb") (BODY\[HEADER\.FIELDS \([A-Z -]{0,200}\)\](?:<0>)?) "
)

#: A row that tells flags, which change made them so (RFC 7162), or that a message is there.
_FLAGS = re.compile(
    rb"\(UID (?P<uid>[0-9]{1,10})"
    rb"(?: FLAGS \((?P<flags>[^()\"]*+)\)(?: MODSEQ \((?P<modseq>[0-9]{1,20})\))?"
    rb"| MODSEQ \((?P<first>[0-9]{1,20})\)(?: FLAGS \((?P<later>[^()\"]*+)\))?)?\)"
)
#: Bytes of an address list up to which it is remembered: the same people write again and again.
_SHORT = 400
#: Bytes of files up to which a row is read by its form: no bound of the tokenizer is near.
_MOST_FILES = 8192

#: A folded or long subject comes as a literal, and an address or a filename may: more of them are no common form.
_MOST_PIECES = 11
_UNSAFE = re.compile(rb'["\\\r\n\x00]')

Items = dict[bytes, Token]


def read_flags_row(text: bytes) -> tuple[int, Items] | None:
    r"""Read `(UID 5 FLAGS (\Seen))`, with MODSEQ or without: UID and items; None for anything else."""
    found = _FLAGS.fullmatch(text)
    if found is None:
        return None
    uid, flags, modseq, first, later = found.groups()
    if first is not None:
        flags, modseq = later, first
    items: Items = {} if flags is None else {b"FLAGS": list(flags.split())}
    if modseq is not None:
        items[b"MODSEQ"] = [modseq]
    return int(uid), items


def read_plain_row(pieces: Pieces) -> tuple[int, Items, Envelope, bytes | None] | None:
    """Read a row whose last literal is its header fields: UID, items, envelope, and its files.

    The files are the leaves behind the texts of a multipart/mixed, as written; b"" for texts alone. When they are known
    there is no BODYSTRUCTURE among the items; when they are None there is. None for a row of another form.
    """
    text, literal = pieces[0], pieces[-2]
    if len(pieces) > 3:
        if len(pieces) > _MOST_PIECES or any(_UNSAFE.search(one) for one in pieces[1:-2:2]):
            return None
        text = b'"'.join(pieces[:-2])  # a literal without quotes says the same in quotes
    head = _HEAD.match(text)
    if head is None:
        return None
    uid, flags, received, size, *envelope = head.groups()
    items: Items = {b"FLAGS": list(flags.split()), b"INTERNALDATE": received[1:-1], b"RFC822.SIZE": size}
    tail = _TAIL.fullmatch(text, head.end())
    files, name = tail.groups(b"") if tail is not None else (None, b"")
    if files is not None and len(files) <= _MOST_FILES:
        items[name] = literal
        return int(uid), items, _envelope(envelope), files
    rest = tokenize((b"(" + text[head.end() :], literal, b")"))
    if len(rest) != 1 or not isinstance(rest[0], list) or len(rest[0]) != 3:
        return None
    structure, item, fields = rest[0]
    if not isinstance(item, bytes):
        return None
    items[b"BODYSTRUCTURE"] = structure
    items[item.upper()] = fields
    return int(uid), items, _envelope(envelope), None


def _envelope(parts: list[bytes]) -> Envelope:
    date, subject, from_, reply_to, to, cc, in_reply_to, message_id = parts
    return make_envelope(
        date=_text(date),
        subject=_text(subject),
        from_=_addresses(from_),
        reply_to=() if reply_to == from_ else _addresses(reply_to),
        to=_addresses(to),
        cc=_addresses(cc),
        in_reply_to=_text(in_reply_to),
        message_id=_text(message_id),
    )


def _text(raw: bytes) -> bytes:
    return b"" if raw == b"NIL" else raw[1:-1]


def _addresses(raw: bytes) -> tuple[Address, ...]:
    if raw == b"NIL":
        return ()
    return _remembered(raw) if len(raw) <= _SHORT else _read(raw)


def _read(raw: bytes) -> tuple[Address, ...]:
    return read_addresses(tokenize((raw,))[0]) or ()


_remembered = lru_cache(maxsize=4096)(_read)
