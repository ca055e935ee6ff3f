"""The files of a list row, read leaf by leaf with one pattern where they are as most are: a name, a size, no more.

A leaf with anything else (an encoded or folded name, a description, a content id) goes by the tokenizer and the tree of
parts, so that this pattern decides nothing but speed.
"""

import re

from app.domain.message import Attachment
from app.imap.wire.bodystructure import read_files
from app.imap.wire.tokenizer import tokenize
from app.mime.attachments import attachment_of
from app.mime.encodings import estimated_size

#: A name that is safe as it is: see `app.mime.parameters.safe_filename`.
_NAME = rb'"([A-Za-z0-9_-](?:[A-Za-z0-9_()+&,@~\[\]-]|[ .](?![ ."])){0,199}+)"'
_LEAF = re.compile(
    rb'\("([A-Za-z]{1,20})" "([A-Za-z0-9.+-]{1,100})" (?:NIL|\("(?i:name)" ' + _NAME
    + rb'\)) NIL NIL "([A-Za-z0-9-]{1,20})" ([0-9]{1,19}) NIL \("(?i:(attachment)|inline)" (?:NIL|\("(?i:filename)" '
    + _NAME + rb"\))\)(?: NIL){0,2}\)"
)  # fmt: skip


def read_plain_files(raw: bytes) -> tuple[Attachment, ...]:
    """Read the leaves that stand behind the text of a multipart/mixed: parts 2, 3, …, each an attachment.

    Raises MalformedResponse for more than the bounds of the grammar allow.
    """
    found: list[Attachment] = []
    position = 0
    while position < len(raw):
        leaf = _LEAF.match(raw, position)
        if leaf is None:
            return tuple([attachment_of(part, part.section or "") for part in read_files(tokenize((raw,)))])
        kind, subtype, name, encoding, size, is_attached, filename = leaf.groups()
        name = filename or name
        found.append(
            Attachment(
                str(len(found) + 2),
                name.decode("ascii") if name else None,
                f"{kind.decode('ascii')}/{subtype.decode('ascii')}".lower(),
                estimated_size(encoding.decode("ascii"), int(size)),
                None,
                not is_attached,
            )
        )
        position = leaf.end()
    return tuple(found)
