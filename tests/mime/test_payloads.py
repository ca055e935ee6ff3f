import re
from collections import Counter

import pytest

from app.mime.html import clean
from tests.mime.payloads import CORPUS, OWN, cleaned_payloads, link_for_cid
from tests.mime.safety import dangers

_PIECES = re.compile(r"[^\s<>]+")


def test_no_payload_survives() -> None:
    assert {payload.name: found for payload in cleaned_payloads() if (found := dangers(payload.cleaned))} == {}


def test_the_judge_sees_what_was_not_cleaned() -> None:
    harmless = {source for source in OWN if not dangers(source)}
    assert harmless <= {OWN[index] for index in range(len(OWN)) if "<!-->" in OWN[index]}


def test_cleaning_is_stable() -> None:
    """What is clean stays as it is, but for the order of attributes: reading it again finds nothing to change."""
    for payload in cleaned_payloads():
        if payload.made == "clean" and "/signed/" not in payload.cleaned:
            again = clean(payload.cleaned, link_for_cid).html
            assert Counter(_PIECES.findall(again)) == Counter(_PIECES.findall(payload.cleaned))


def test_the_corpus_is_read_where_it_is() -> None:
    if not CORPUS.exists():
        pytest.skip("no corpora here")
    assert sum(not payload.name.startswith("own") for payload in cleaned_payloads()) > 700
