"""Responses collected from many servers: each is read or ignored, the invalid ones refused or ignored."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import UpstreamProtocolError
from app.imap.facts import read_summary
from app.imap.wire.errors import MalformedResponse
from app.imap.wire.fetch import read_fetch
from app.imap.wire.reader import ResponseReader
from app.imap.wire.responses import Untagged, read_response

CORPUS = Path(__file__).parents[4] / "shared/corpora/imap-responses/responses.json"


def cases() -> list[Any]:
    if not CORPUS.exists():
        return []
    return [pytest.param(one, id=f"{one['file']}-{one['name']}") for one in json.loads(CORPUS.read_text("utf-8"))]


def read(raw: bytes) -> list[object]:
    reader = ResponseReader()
    reader.feed(raw)
    found: list[object] = []
    while (pieces := reader.next_response()) is not None:
        response = read_response(pieces)
        found.append(response)
        if isinstance(response, Untagged):
            if response.kind in {b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"}:
                found.append((response.code(), response.text()))
            else:
                found.append(response.tokens())
            if response.kind == b"FETCH" and (row := read_fetch(response)):
                found.append(read_summary(row))
    assert reader.is_empty, "bytes were left over"
    return found


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
@pytest.mark.parametrize("case", cases())
def test_a_response_is_read_or_refused(case: dict[str, Any]) -> None:
    raw = case["response"].encode(case["encoding"] if case["encoding"] != "ascii-8bit" else "latin-1")
    if case["must_refuse"]:
        try:
            read(raw)
        except (MalformedResponse, UpstreamProtocolError):
            return
    assert read(raw)
