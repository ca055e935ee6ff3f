"""BODYSTRUCTURE to the tree of parts (RFC 9051 section 7.5.2), numbered as sections are (section 6.4.5.1)."""

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from app.domain.message import Part
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.fetch import as_number
from app.imap.wire.tokenizer import Token
from app.mime.attachments import BODY_TEXT_TYPES, MESSAGE_TYPES, mark_attachments
from app.mime.limits import MAX_PARTS
from app.mime.parameters import join_parameters
from app.mime.parts import make_part

_Pairs = tuple[tuple[str, bytes], ...]

#: Bytes of its parameters up to which a part is remembered.
_SHORT = 120

#: Characters of a media type: 127 for each half (RFC 6838 section 4.2).
_MAX_KIND = 255


def read_structure(token: Token) -> Part:
    """Read BODYSTRUCTURE, or BODY without extension data, with attachments marked.

    The root of a multipart message has section None and its children are `1`, `2`; a part that is a message has its
    tree as its only child. Raises MalformedResponse: the caller says so of this message and keeps the others. The
    tokenizer's bound on nesting bounds the recursion.
    """
    root = _Tree().message(token, "")
    if not root.parts and root.content_type in BODY_TEXT_TYPES and root.disposition != "attachment":
        return root  # the commonest message: one text, which is its body
    return mark_attachments(root)


def read_files(leaves: list[Token]) -> tuple[Part, ...]:
    """Read leaves that stand behind the text of a multipart/mixed: parts 2, 3, …, each an attachment."""
    tree = _Tree()
    return tuple([replace(tree.part(leaf, str(number)), is_attachment=True) for number, leaf in enumerate(leaves, 2)])


class _Tree:
    def __init__(self) -> None:
        self._count = 0

    def message(self, token: Token, prefix: str) -> Part:
        """Read the body of a message: a multipart takes no number of its own, a leaf is number 1."""
        body = self._body(token)
        if _is_multipart(body):
            return self._multipart(body, None, prefix)
        return self._leaf(body, f"{prefix}1")

    def part(self, token: Token, section: str) -> Part:
        body = self._body(token)
        if _is_multipart(body):
            return self._multipart(body, section, f"{section}.")
        return self._leaf(body, section)

    def _body(self, token: Token) -> list[Token]:
        self._count += 1
        if not isinstance(token, list) or not token:
            raise MalformedResponse("not a body")
        if self._count > MAX_PARTS:
            raise MalformedResponse("too many parts")
        return token

    def _multipart(self, body: list[Token], section: str | None, prefix: str) -> Part:
        """body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]; some servers send it without any body."""
        width = next((place for place, one in enumerate(body) if not isinstance(one, list)), len(body))
        children = tuple([self.part(one, f"{prefix}{number}") for number, one in enumerate(body[:width], 1)])
        subtype = (_text(body[width]) if width < len(body) else "") or "mixed"
        return _make(
            section, f"multipart/{subtype}"[:_MAX_KIND], _pairs(body, width + 1), body, width + 2, parts=children
        )

    def _leaf(self, body: list[Token], section: str) -> Part:
        """body-type-1part: media-type, then parameters, id, description, encoding, octets."""
        if len(body) < 2:
            raise MalformedResponse("a body without a type")
        kind = f"{_text(body[0])}/{_text(body[1])}"[:_MAX_KIND]
        children: tuple[Part, ...] = ()
        extension = 7
        if kind in MESSAGE_TYPES and len(body) > 8 and isinstance(body[8], list):
            children = (self.message(body[8], f"{section}."),)
            extension = 10  # after envelope, body and lines
        elif kind.startswith("text/") and as_number(_at(body, 7)) is not None:
            extension = 8  # after lines
        # body-ext-1part = body-fld-md5 [SP body-fld-dsp …]
        return _make(section, kind, _pairs(body, 2), body, extension + 1, parts=children)


class _Fields(NamedTuple):
    """What a part says of itself, but for its number, size and children."""

    kind: str
    parameters: _Pairs
    encoding: str
    disposition: str
    disposition_parameters: _Pairs
    content_id: bytes | None
    description: bytes | None


def _make(
    section: str | None, kind: str, parameters: _Pairs, body: list[Token], disposition_at: int, parts: tuple[Part, ...]
) -> Part:
    disposition = _at(body, disposition_at)
    disposition_parameters: _Pairs = ()
    if isinstance(disposition, list):  # body-fld-dsp = "(" string SP body-fld-param ")"; a bare string: laxity
        disposition_parameters = _pairs(disposition, 1)
        disposition = _at(disposition, 0)
    if kind.startswith("multipart/"):
        part = _build(_Fields(kind, parameters, "", _text(disposition), disposition_parameters, None, None))
        return replace(part, section=section, parts=parts)
    encoding, content_id, description = _text(_at(body, 5))[:_MAX_KIND], _bytes(_at(body, 3)), _bytes(_at(body, 4))
    fields = _Fields(
        kind, parameters, encoding, _text(disposition)[:_MAX_KIND], disposition_parameters, content_id, description
    )
    is_common = content_id is None and description is None and not disposition_parameters
    part = (_remembered if is_common and _length(parameters) <= _SHORT else _build)(fields)
    return Part(  # written out: `replace` costs four times as much, for each part of each row
        section=section,
        content_type=part.content_type,
        charset=part.charset,
        encoding=part.encoding,
        size=as_number(_at(body, 6)),
        disposition=part.disposition,
        filename=part.filename,
        content_id=part.content_id,
        description=part.description,
        boundary=part.boundary,
        text_format=part.text_format,
        parts=parts,
    )


def _length(pairs: _Pairs) -> int:
    return sum([len(name) + len(value) for name, value in pairs])


def _build(fields: _Fields) -> Part:
    return make_part(
        None,
        fields.kind,
        join_parameters(fields.parameters),
        encoding=fields.encoding or None,
        disposition=fields.disposition or None,
        disposition_parameters=join_parameters(fields.disposition_parameters),
        content_id=fields.content_id,
        description=fields.description,
    )


#: Most leaves (`text/plain; charset=utf-8`) are like ones seen before.
_remembered = lru_cache(maxsize=512)(_build)


def _is_multipart(body: list[Token]) -> bool:
    return isinstance(body[0], list) or len(body) == 1


def _at(body: list[Token], place: int) -> Token:
    return body[place] if place < len(body) else None


def _bytes(token: Token) -> bytes | None:
    return token if isinstance(token, bytes) else None


def _text(token: Token) -> str:
    return token.decode("latin-1").lower() if isinstance(token, bytes) else ""


def _pairs(body: list[Token], place: int) -> _Pairs:
    """Read body-fld-param: NIL, or a list of names and values by turns."""
    token = _at(body, place)
    if not isinstance(token, list) or not token:
        return ()
    return tuple(
        [
            (name.decode("latin-1"), value)
            for name, value in zip(token[::2], token[1::2], strict=False)
            if isinstance(name, bytes) and isinstance(value, bytes)
        ]
    )
