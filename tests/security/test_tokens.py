import hashlib
import re
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.tokens import matches, new_token, parse_token


def test_a_new_token_reads_back_and_matches_its_hash() -> None:
    token_id, text = new_token()
    assert re.fullmatch(r"mh_[0-9a-z]{16}_[0-9a-z]{40}", text)
    parsed = parse_token(text)
    assert parsed is not None
    assert parsed[0] == token_id
    assert matches(parsed[1], hashlib.sha256(text.split("_")[2].encode()).digest())
    assert not matches(parsed[1], hashlib.sha256(b"another").digest())


def test_tokens_do_not_repeat() -> None:
    made = [new_token() for _ in range(500)]
    assert len({token_id for token_id, _ in made}) == 500
    assert len({text for _, text in made}) == 500


def test_an_operators_own_token_is_accepted() -> None:
    parsed = parse_token("mh_admin_" + "A1b2" * 8)
    assert parsed is not None
    assert parsed[0] == "admin"


_, WHOLE = new_token()


@pytest.mark.parametrize(
    "text",
    [
        *("", "mh_", "mh__", WHOLE + "\n", "\n" + WHOLE, WHOLE + " ", WHOLE + "_x", WHOLE[:-10], "Bearer " + WHOLE),
        *(WHOLE.upper(), WHOLE.replace("mh_", "hm_"), "mh_id_" + "x" * 129, "mh_abc_" + "x" * 40),
        *("mh_" + "x" * 33 + "_" + "x" * 40, "mh_admin_" + "x" * 31, "mh_admin_" + "é" * 40, "mh_admin_" + "٣" * 40),
        "mh_ad-min_" + "x" * 40,
    ],
    ids=count(),  # the texts differ from run to run, and names must not
)
def test_anything_else_is_not_a_token(text: str) -> None:
    assert parse_token(text) is None


@given(st.text(max_size=100))
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    parsed = parse_token(text)
    assert parsed is None or text.startswith(f"mh_{parsed[0]}_")
