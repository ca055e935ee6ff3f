"""BODYSTRUCTURE to the tree of parts (RFC 9051 section 7.5.2), numbered as sections are (section 6.4.5.1)."""

from app.domain.message import Part
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.fetch import as_number
from app.imap.wire.tokenizer import Token
from app.mime.attachments import MESSAGE_TYPES, mark_attachments
from app.mime.limits import MAX_PARTS
from app.mime.parameters import join_parameters
from app.mime.parts import make_part

_Parameters = dict[str, str]


def read_structure(token: Token) -> Part:
    """Read BODYSTRUCTURE, or BODY without extension data, with attachments marked.

    The root of a multipart message has section None and its children are `1`, `2`; a part that is a message has its
    tree as its only child. Raises MalformedResponse: the caller says so of this message and keeps the others. The
    tokenizer's bound on nesting bounds the recursion.
    """
    return mark_attachments(_Tree().message(token, ""))


class _Tree:
    def __init__(self) -> None:
        self._count = 0

    def message(self, token: Token, prefix: str) -> Part:
        """Read the body of a message: a multipart takes no number of its own, a leaf is number 1."""
        body = self._body(token)
        if _is_multipart(body):
            return self._multipart(body, None, prefix)
        return self._leaf(body, f"{prefix}1")

    def _part(self, token: Token, section: str) -> Part:
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
        children = tuple([self._part(one, f"{prefix}{number}") for number, one in enumerate(body[:width], 1)])
        subtype = _text(body[width]) if width < len(body) else "mixed"
        return _make(section, f"multipart/{subtype}", _pairs(body, width + 1), body, width + 2, parts=children)

    def _leaf(self, body: list[Token], section: str) -> Part:
        """body-type-1part: media-type, then parameters, id, description, encoding, octets."""
        if len(body) < 2:
            raise MalformedResponse("a body without a type")
        kind = f"{_text(body[0])}/{_text(body[1])}"
        children: tuple[Part, ...] = ()
        extension = 7
        if kind in MESSAGE_TYPES and len(body) > 8 and isinstance(body[8], list):
            children = (self.message(body[8], f"{section}."),)
            extension = 10  # after envelope, body and lines
        elif kind.startswith("text/") and as_number(_at(body, 7)) is not None:
            extension = 8  # after lines
        # body-ext-1part = body-fld-md5 [SP body-fld-dsp …]
        return _make(section, kind, _pairs(body, 2), body, extension + 1, parts=children)


def _make(
    section: str | None,
    kind: str,
    parameters: _Parameters,
    body: list[Token],
    disposition_at: int,
    parts: tuple[Part, ...],
) -> Part:
    is_multipart = kind.startswith("multipart/")
    disposition = _at(body, disposition_at)
    disposition_parameters: _Parameters = {}
    if isinstance(disposition, list):  # body-fld-dsp = "(" string SP body-fld-param ")"; a bare string: laxity
        disposition_parameters = _pairs(disposition, 1)
        disposition = _at(disposition, 0)
    return make_part(
        section,
        kind,
        parameters,
        encoding=None if is_multipart else _text(_at(body, 5)),
        size=None if is_multipart else as_number(_at(body, 6)),
        disposition=_text(disposition) or None,
        disposition_parameters=disposition_parameters,
        content_id=None if is_multipart else _bytes(_at(body, 3)),
        description=None if is_multipart else _bytes(_at(body, 4)),
        parts=parts,
    )


def _is_multipart(body: list[Token]) -> bool:
    return isinstance(body[0], list) or len(body) == 1


def _at(body: list[Token], place: int) -> Token:
    return body[place] if place < len(body) else None


def _bytes(token: Token) -> bytes | None:
    return token if isinstance(token, bytes) else None


def _text(token: Token) -> str:
    return token.decode("latin-1").lower() if isinstance(token, bytes) else ""


def _pairs(body: list[Token], place: int) -> _Parameters:
    """Read body-fld-param: NIL, or a list of names and values by turns."""
    token = _at(body, place)
    if not isinstance(token, list) or not token:
        return {}
    pairs = [
        (name.decode("latin-1"), value)
        for name, value in zip(token[::2], token[1::2], strict=False)
        if isinstance(name, bytes) and isinstance(value, bytes)
    ]
    return join_parameters(pairs)
