"""Forms with one file (RFC 7578), read as they come: the file goes on chunk by chunk, the fields stay small."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.domain.errors import FieldProblem, InvalidRequest
from app.rest.limits import MAX_FORM_FIELD, MAX_FORM_PARTS

_BROKEN = "The form is not valid multipart/form-data."


@dataclass(slots=True)
class _Part:
    headers: dict[str, bytes] = field(default_factory=dict)
    name: str = ""
    value: bytearray = field(default_factory=bytearray)


class Form:
    """Reads a form whose field `file` is the file. `fields` has the others in the end, each as often as it came."""

    def __init__(self, content_type: str, file: str) -> None:
        """Take the Content-Type of the request. Raises InvalidRequest without a boundary."""
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise InvalidRequest(_BROKEN)
        self.fields: dict[str, list[str]] = {}
        self.has_file = False
        self._file = file
        self._part: _Part | None = None
        self._header = (bytearray(), bytearray())
        self._pieces: list[bytes] = []
        self._parts = 0
        self._is_whole = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._finish,
                },
            )
        except FormParserError:
            raise InvalidRequest(_BROKEN) from None

    async def read(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the file. Raises InvalidRequest, with a pointer to the field at fault where there is one."""
        async for chunk in chunks:
            try:
                self._parser.write(chunk)
            except FormParserError:
                raise InvalidRequest(_BROKEN) from None
            pieces, self._pieces = self._pieces, []
            for piece in pieces:
                yield piece
        if not self._is_whole:
            raise InvalidRequest("The form ends before its last boundary.")
        if not self.has_file:
            raise _refused(f"The form has no field {self._file}.", self._file)

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_FORM_PARTS:
            raise InvalidRequest(f"A form has at most {MAX_FORM_PARTS} fields.")
        self._part = _Part()

    def _end_header(self) -> None:
        assert self._part is not None
        name, value = self._header
        self._part.headers[name.decode("latin-1").lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _end_headers(self) -> None:
        assert self._part is not None
        _, options = parse_options_header(self._part.headers.get("content-disposition", b""))
        self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._part.name == self._file:
            if self.has_file:
                raise _refused(f"The form has the field {self._file} twice.", self._file)
            self.has_file = True

    def _data(self, data: bytes, start: int, end: int) -> None:
        assert self._part is not None
        if self._part.name == self._file:
            self._pieces.append(data[start:end])
            return
        self._part.value += data[start:end]
        if len(self._part.value) > MAX_FORM_FIELD:
            raise _refused(f"A field has at most {MAX_FORM_FIELD} bytes.", self._part.name)

    def _end(self) -> None:
        assert self._part is not None
        if self._part.name != self._file:
            value = self._part.value.decode("utf-8", "replace")
            self.fields.setdefault(self._part.name, []).append(value)

    def _finish(self) -> None:
        self._is_whole = True


def _refused(detail: str, name: str) -> InvalidRequest:
    step = name[:100].replace("~", "~0").replace("/", "~1")
    return InvalidRequest(detail, [FieldProblem(detail, f"/{step}")])
