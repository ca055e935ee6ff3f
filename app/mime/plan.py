"""Which text parts make the body of a message (RFC 2046 section 5.1, RFC 2387, RFC 1847, RFC 6522)."""

from dataclasses import dataclass

from app.domain.message import Part
from app.mime.attachments import BODY_TEXT_TYPES, MESSAGE_TYPES
from app.mime.limits import MAX_BODY_PARTS, MAX_PART_DEPTH

_ENCRYPTED_TYPES = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
#: Multiparts whose first part is for people and the rest for machines.
_FIRST_ONLY = {"multipart/signed", "multipart/report"}


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the body: the parts its text form is read from, and those of its HTML form."""

    text: tuple[Part, ...]
    html: tuple[Part, ...]


def blocks(root: Part) -> tuple[Block, ...]:
    """Choose the body of a marked tree: stretches in their order, each in the forms the message has."""
    return tuple(_blocks(root, 0))[:MAX_BODY_PARTS]


def is_encrypted(root: Part) -> bool:
    """Whether the content is only to be read with a key (or, for S/MIME, signed in a way that hides it)."""
    return any(part.content_type in _ENCRYPTED_TYPES for part in _outside_messages(root))


def is_html(part: Part) -> bool:
    """Whether the part's content is HTML."""
    return part.content_type == "text/html"


def _outside_messages(root: Part) -> list[Part]:
    found: list[Part] = []
    pending = [root]
    while pending:
        part = pending.pop()
        found.append(part)
        if part.content_type not in MESSAGE_TYPES:
            pending.extend(reversed(part.parts))
    return found


def _blocks(part: Part, depth: int) -> list[Block]:
    kind = part.content_type
    if not part.parts:
        return [Block((part,), (part,))] if _is_body_leaf(part) else []
    if kind in MESSAGE_TYPES or kind == "multipart/encrypted" or depth > 2 * MAX_PART_DEPTH:
        return []
    if kind in _FIRST_ONLY:
        return _blocks(part.parts[0], depth + 1)
    children = [found for child in part.parts if (found := _blocks(child, depth + 1))]
    if not children:
        return []
    if kind == "multipart/alternative":
        return [_best(children)]
    if kind == "multipart/related":  # its root is the first part, or the one `start` names: the first with text
        return children[0]
    return [block for found in children for block in found]


def _is_body_leaf(part: Part) -> bool:
    if part.section is None or part.is_attachment:
        return False
    return part.content_type in BODY_TEXT_TYPES or part.content_type.startswith("multipart/")  # one without a boundary


def _best(alternatives: list[list[Block]]) -> Block:
    """Take the last, richest HTML, and for text the last alternative that is text alone."""
    texts = [tuple(part for block in found for part in block.text) for found in alternatives]
    htmls = [tuple(part for block in found for part in block.html) for found in alternatives]
    text_only = [parts for parts in texts if not any(map(is_html, parts))]
    with_html = [parts for parts in htmls if any(map(is_html, parts))]
    return Block((text_only or texts)[-1], (with_html or htmls)[-1])
