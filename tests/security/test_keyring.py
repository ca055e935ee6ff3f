import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.keyring import Key, Keyring, KeyringError, generate_key, parse_keyring

A = base64.b64encode(b"a" * 32).decode()
B = base64.b64encode(b"\xfb\xff" * 16).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"new:{A},old:{B}",
        f"new:{A}\nold:{B}\n",
        f"# the first encrypts\n new:{A} ,\r\n\n  # an old one\nold:{B.translate({43: 45, 47: 95})}",
    ],
)
def test_keys_are_read_in_order(text: str) -> None:
    keyring = parse_keyring(text)
    assert [(key.id, key.material) for key in keyring.keys] == [("new", b"a" * 32), ("old", b"\xfb\xff" * 16)]
    assert keyring.current.id == "new"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "keys generate"),
        ("# nothing\n , ,", "keys generate"),
        (A, "key 1 is not"),
        (f"ok:{A},NOT:{A}", "key 2 is not"),
        (f"{'x' * 33}:{A}", "key 1 is not"),
        (f":{A}", "key 1 is not"),
        ("short:" + base64.b64encode(b"x" * 16).decode(), "`short` has 16 bytes instead of 32"),
        ("odd:not base64!", "`odd` is not base64"),
        ("odd:ü", "`odd` is not base64"),
        (f"k:{A},k:{B}", "same id"),
        (",".join(f"k{number}:{A}" for number in range(65)), "more than 64"),
    ],
)
def test_a_malformed_ring_is_told_without_its_content(text: str, words: str) -> None:
    with pytest.raises(KeyringError, match=words) as caught:
        parse_keyring(text)
    assert A not in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_a_ring_or_a_plain_error(text: str) -> None:
    with suppress(KeyringError):
        assert parse_keyring(text).keys


def test_a_generated_key_is_new_each_time_and_reads_back() -> None:
    first, second = generate_key("k1"), generate_key("k1")
    assert first != second
    assert parse_keyring(first).current.id == "k1"
    with pytest.raises(KeyringError):
        generate_key("K 1")


def test_no_key_shows_itself() -> None:
    assert "aaaa" not in repr(parse_keyring(f"k:{A}"))
    assert A not in repr(parse_keyring(f"k:{A}"))


def test_fingerprints_tell_keys_apart_and_give_nothing_away() -> None:
    ring = parse_keyring(f"one:{A},two:{B}")
    prints = ring.fingerprints()
    assert set(prints) == {"one", "two"}
    assert prints["one"] != prints["two"]
    assert prints["one"] == Keyring((Key("other", b"a" * 32),)).fingerprints()["other"]
    assert len(prints["one"]) == 32
    assert b"a".hex() * 4 not in prints["one"]


def test_derived_keys_differ_by_purpose_and_by_key() -> None:
    ring, other = parse_keyring(f"k:{A}"), parse_keyring(f"k:{B}")
    derived = {ring.derive("links"), ring.derive("tickets"), other.derive("links"), ring.current.material}
    assert len(derived) == 4
    assert ring.derive("links") == ring.derive("links")
    assert len(ring.derive("links")) == 32
