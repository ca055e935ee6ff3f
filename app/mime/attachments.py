"""What a person would call an attachment: one judgement for raw messages and for BODYSTRUCTURE.

The rule, first match wins:

1. In `multipart/signed` everything after the first part is the signature, never an attachment. So are the control
   part of `multipart/encrypted` (application/pgp-encrypted) and the resource fork of `multipart/appledouble`.
2. `Content-Disposition: attachment` is one.
3. A direct child of `multipart/alternative` is a way to show the message (text/calendar of an invitation, AMP), and a
   child of `multipart/report` is the machine's half of a bounce: not attachments.
4. Text that can be a body (plain, html, enriched) is an attachment only with a filename, and never as the first leaf of
   the message.
5. Images, sounds, videos, fonts and style sheets after the root of a `multipart/related` belong to its HTML, where the
   root has any. What else is there (a PDF, as Apple Mail does) is an attachment.
6. Every other leaf, and a `message/rfc822` as a whole, is an attachment: also an encrypted S/MIME or PGP content, which
   somebody may want to save, and a calendar file. Parts inside an attached message are not attachments of this one.
"""

from dataclasses import replace

from app.domain.message import Attachment, Part
from app.mime.encodings import estimated_size
from app.mime.limits import MAX_PART_DEPTH, MAX_PARTS

MESSAGE_TYPES = frozenset({"message/rfc822", "message/global"})
BODY_TEXT_TYPES = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})
_RELATED_KINDS = ("image/", "audio/", "video/", "font/", "text/css")
_CONTROL_TYPES = {"application/pgp-encrypted", "application/applefile"}


def mark_attachments(root: Part) -> Part:
    """Return the tree with `is_attachment` set by the rule above, whatever it was before."""
    first = next(iter(root.leaves()), None)
    return _marked(root, parent="", position=0, first=first.section if first else None, depth=0)


def attachments(root: Part) -> tuple[Attachment, ...]:
    """List the attachments of a marked tree, in the order of the message; sizes are decoded bytes, estimated."""
    found = [part for part in root.walk() if part.is_attachment and part.section is not None]
    return tuple(attachment_of(part, part.section) for part in found[:MAX_PARTS] if part.section is not None)


def attachment_of(part: Part, section: str) -> Attachment:
    """Show a part that is an attachment; `section` is its number."""
    return Attachment(
        part=section,
        filename=part.filename,
        content_type=part.content_type,
        size=None if part.size is None else estimated_size(part.encoding, part.size),
        content_id=part.content_id,
        is_inline=part.disposition == "inline",
    )


def _marked(part: Part, *, parent: str, position: int, first: str | None, depth: int) -> Part:
    kind = part.content_type
    if part.parts and kind not in MESSAGE_TYPES and depth < 2 * MAX_PART_DEPTH:
        if kind == "multipart/related" and not any(leaf.content_type == "text/html" for leaf in part.parts[0].leaves()):
            kind = "multipart/mixed"  # plain text refers to no image
        children = tuple(
            _marked(child, parent=kind, position=index, first=first, depth=depth + 1)
            for index, child in enumerate(part.parts)
        )
        if not part.is_attachment and all(new is old for new, old in zip(children, part.parts, strict=True)):
            return part
        return replace(part, parts=children, is_attachment=False)
    found = _is_attachment(part, parent, position, is_first=part.section == first)
    return part if found is part.is_attachment else replace(part, is_attachment=found)


def _is_attachment(part: Part, parent: str, position: int, *, is_first: bool) -> bool:
    kind = part.content_type
    if (parent == "multipart/signed" and position > 0) or kind in _CONTROL_TYPES:
        return False
    if part.disposition == "attachment":
        return True
    if parent in {"multipart/alternative", "multipart/report"} or kind.startswith("multipart/"):
        return False
    if kind in BODY_TEXT_TYPES:
        return part.filename is not None and not is_first
    return not (parent == "multipart/related" and position > 0 and kind.startswith(_RELATED_KINDS))
