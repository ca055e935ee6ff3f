"""The tree of a raw message and the bytes of its sections, numbered as an IMAP server does (RFC 9051 section 6.4.5).

The root of a multipart message has no number, its children are `1`, `2`; a multipart below one has a number of its own
(`1`) and numbers its children under it (`1.1`). A message that is not multipart is section `1`. A `message/rfc822` part
`2` has the tree of the message in it as its only child: a multipart root without a number, whose children are `2.1`,
`2.2`, or a leaf `2.1`.
"""

from dataclasses import dataclass, field

from app.domain.message import Part
from app.mime.attachments import MESSAGE_TYPES, mark_attachments
from app.mime.headers import header_end, parse_parameters, raw_fields
from app.mime.limits import (
    MAX_BOUNDARY_BYTES,
    MAX_DELIMITER_LINES,
    MAX_HEADER_BLOCK_BYTES,
    MAX_PART_DEPTH,
    MAX_PART_HEADER_BYTES,
    MAX_PARTS,
)
from app.mime.parts import is_media_type, make_part


@dataclass(slots=True)
class _Node:
    """A part while its end is not yet known: byte offsets of header, body and end, in the raw message."""

    start: int
    body: int
    end: int
    content_type: str
    fields: dict[str, bytes]
    boundary: bytes | None = None
    is_finished: bool = False
    floor: int = 0  # the end of the last closing delimiter within: its line belongs to the part whole
    children: list["_Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Structure:
    """A parsed message: the tree, where each section lies, and what was wrong.

    Defects: `too_many_parts`, `nested_too_deep` (the rest is content of its part), `missing_boundary` (a multipart
    that ends without its closing delimiter, or never begins).
    """

    root: Part
    spans: dict[str, tuple[int, int]]
    defects: tuple[str, ...]


def parse_structure(raw: bytes) -> Part:
    """Read the tree of a raw RFC 5322 message, attachments marked; at most 1,000 parts, 50 deep, in linear time."""
    return parse(raw).root


def parse(raw: bytes) -> Structure:
    """Read the tree of a raw message, the byte range of every section and the defects."""
    return _Scan(raw).run()


def section_bytes(raw: bytes, section: str) -> bytes | None:
    """Cut a section out of a raw message, as `BODY[section]` answers it; None when there is no such section.

    `section` is "" for the whole message, a part number, or either with HEADER, TEXT or (numbers only) MIME.
    """
    if section == "":
        return raw
    span = parse(raw).spans.get(section.upper())
    return raw[span[0] : span[1]] if span else None


class _Scan:
    """One pass over the lines that begin with `--`, with a stack of the parts that are open.

    Each delimiter line is looked up among all open boundaries: an outer one ends every part within.
    """

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._stack: list[_Node] = []
        self._boundaries: dict[bytes, int] = {}
        self._lengths: list[int] = []
        self._count = 0
        self._defects: set[str] = set()

    def run(self) -> Structure:
        root = self._open(0, "text/plain")
        position = 0
        lines = 0
        while self._boundaries and (found := self._next_delimiter(position)) is not None:
            at, position = found
            lines += 1
            if lines > MAX_DELIMITER_LINES:
                self._defects.add("too_many_parts")
                break
            line = self._raw[at + 2 : position].rstrip()
            if (level := self._level(line)) is not None:
                self._delimit(level, line, at, position)
        self._close_to(0, len(self._raw))
        spans: dict[str, tuple[int, int]] = {"HEADER": (0, root.body), "TEXT": (root.body, root.end)}
        part = _message(root, "", spans)
        return Structure(mark_attachments(part), spans, tuple(sorted(self._defects)))

    def _next_delimiter(self, position: int) -> tuple[int, int] | None:
        """Find the next line that begins with `--`, from the line start at `position`: its start and its end."""
        if self._raw.startswith(b"--", position):
            at = position
        else:
            before = self._raw.find(b"\n--", max(0, position - 1))
            if before < 0:
                return None
            at = before + 1
        end = self._raw.find(b"\n", at)
        return at, len(self._raw) if end < 0 else end + 1

    def _level(self, line: bytes) -> int | None:
        """Find whose boundary the line begins with, the longest one first (RFC 2046 section 5.1.1 asks no more)."""
        for length in self._lengths:
            if (level := self._boundaries.get(line[:length])) is not None:
                return level
        return None

    def _delimit(self, level: int, line: bytes, at: int, after: int) -> None:
        owner = self._stack[level]
        self._close_to(level + 1, self._before_line_end(at, owner.body))
        boundary = owner.boundary or b""
        if line[len(boundary) :].startswith(b"--"):
            for node in self._stack[: level + 1]:
                node.floor = after
            self._forget(owner, level)
            return
        if self._count >= MAX_PARTS:
            self._defects.add("too_many_parts")
            self._forget(owner, level)
            return
        self._open(after, "message/rfc822" if owner.content_type == "multipart/digest" else "text/plain")

    def _before_line_end(self, at: int, least: int) -> int:
        """Step back over the line end before a delimiter, which belongs to it (RFC 2046 section 5.1.1)."""
        if self._raw.endswith(b"\r\n", least, at):
            return at - 2
        return at - 1 if self._raw.endswith(b"\n", least, at) else at

    def _open(self, start: int, default: str) -> _Node:
        """Open the part whose header begins at `start`, and the messages that nest directly in it."""
        first = node = self._push(start, default)
        while node.content_type in MESSAGE_TYPES and _is_identity(node) and self._may_nest():
            node = self._push(node.body, "text/plain")
        return first

    def _may_nest(self) -> bool:
        if len(self._stack) < MAX_PART_DEPTH and self._count < MAX_PARTS:
            return True
        self._defects.add("nested_too_deep" if self._count < MAX_PARTS else "too_many_parts")
        return False

    def _push(self, start: int, default: str) -> _Node:
        most = MAX_PART_HEADER_BYTES if self._stack else MAX_HEADER_BLOCK_BYTES
        header, body = header_end(self._raw, start, most)
        cut = self._delimiter_in_header(start, header)
        if cut is not None:
            header = body = self._before_line_end(cut, start)
        fields: dict[str, bytes] = {}
        for name, value in raw_fields(self._raw[start:header] + b"\n"):
            fields.setdefault(name.lower(), value)
        kind, parameters = parse_parameters(fields.get("content-type"))
        if not is_media_type(kind):
            kind, parameters = (default, {}) if "content-type" not in fields else ("text/plain", parameters)
        node = _Node(start, body, len(self._raw), kind, fields)
        if self._stack:
            self._stack[-1].children.append(node)
        self._stack.append(node)
        self._count += 1
        if kind.startswith("multipart/"):
            self._expect(node, parameters.get("boundary", ""))
        return node

    def _expect(self, node: _Node, boundary: str) -> None:
        """Look for a multipart's delimiters from now on, unless it has none or nests too deep."""
        raw = boundary.encode("utf-8", "replace")[:MAX_BOUNDARY_BYTES].rstrip()
        if not raw:
            self._defects.add("missing_boundary")
            return
        if len(self._stack) >= MAX_PART_DEPTH:
            self._defects.add("nested_too_deep")
            return
        node.boundary = raw
        self._boundaries[raw] = len(self._stack) - 1
        self._relearn_lengths()

    def _delimiter_in_header(self, start: int, header: int) -> int | None:
        """Find a delimiter of an open part before the header's end: the part then has no body."""
        if not self._boundaries:
            return None
        position = start
        while (found := self._next_delimiter(position)) is not None and found[0] < header:
            at, position = found
            if self._level(self._raw[at + 2 : position].rstrip()) is not None:
                return at
        return None

    def _close_to(self, level: int, end: int) -> None:
        """Close every open part from the innermost down to `level`, at `end`."""
        while len(self._stack) > level:
            node = self._stack.pop()
            node.end = max(node.body, node.floor, min(node.end, end))
            if node.boundary is not None and self._boundaries.get(node.boundary) == len(self._stack):
                self._forget(node, len(self._stack))
                self._defects.add("missing_boundary")

    def _forget(self, node: _Node, level: int) -> None:
        """Stop looking for a multipart's delimiters: its closing one was seen, or it ended."""
        if node.boundary is None or self._boundaries.get(node.boundary) != level:
            return
        node.is_finished = True
        del self._boundaries[node.boundary]
        for outer, other in enumerate(self._stack[:level]):  # a child may have reused an open parent's boundary
            if other.boundary == node.boundary and not other.is_finished:
                self._boundaries[node.boundary] = outer
        self._relearn_lengths()

    def _relearn_lengths(self) -> None:
        self._lengths = sorted({len(boundary) for boundary in self._boundaries}, reverse=True)


def _is_identity(node: _Node) -> bool:
    """Whether a message's content stands there as it is; an encoded one (illegal) cannot be looked into."""
    encoding = node.fields.get("content-transfer-encoding", b"7bit").strip().lower()
    return encoding in {b"", b"7bit", b"8bit", b"binary"}


def _message(root: _Node, prefix: str, spans: dict[str, tuple[int, int]]) -> Part:
    """Number the parts of a message under `prefix`, which is "" or ends with a dot."""
    if root.boundary is None:
        return _part(root, f"{prefix}1", spans)
    return _freeze(root, None, _numbered(root, prefix, spans))


def _part(node: _Node, section: str, spans: dict[str, tuple[int, int]]) -> Part:
    spans[section] = (node.body, node.end)
    spans[f"{section}.MIME"] = (node.start, node.body)
    if node.boundary is not None:
        return _freeze(node, section, _numbered(node, f"{section}.", spans))
    if not node.children:
        return _freeze(node, section, ())
    message = node.children[0]
    spans[f"{section}.HEADER"] = (message.start, message.body)
    spans[f"{section}.TEXT"] = (message.body, message.end)
    return _freeze(node, section, (_message(message, f"{section}.", spans),))


def _numbered(node: _Node, prefix: str, spans: dict[str, tuple[int, int]]) -> tuple[Part, ...]:
    """Number a multipart's children; one without any has an empty text, as servers answer."""
    if not node.children:
        spans[f"{prefix}1"] = (node.end, node.end)
        return (make_part(f"{prefix}1", "text/plain", {}, size=0),)
    return tuple(_part(child, f"{prefix}{number}", spans) for number, child in enumerate(node.children, 1))


def _freeze(node: _Node, section: str | None, parts: tuple[Part, ...]) -> Part:
    _, parameters = parse_parameters(node.fields.get("content-type"))
    disposition, disposition_parameters = parse_parameters(node.fields.get("content-disposition"))
    encoding, _ = parse_parameters(node.fields.get("content-transfer-encoding"))
    return make_part(
        section,
        node.content_type,
        parameters,
        encoding=encoding,
        size=None if node.boundary is not None else node.end - node.body,
        disposition=disposition,
        disposition_parameters=disposition_parameters,
        content_id=node.fields.get("content-id"),
        description=node.fields.get("content-description"),
        parts=parts,
    )
