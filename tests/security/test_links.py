import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.links import LinkSigner

KEY = b"k" * 32
FIELDS = ("acc_1", "msg_1", "1.2", "tok1")
_TEXT = st.text(max_size=20)
_NOW = st.floats(0, 4e9)


def test_a_link_holds_until_it_ends() -> None:
    signer = LinkSigner(KEY, 3600)
    link = signer.sign(*FIELDS, now=1000.0)
    assert link.expires == 7200
    assert signer.verify(*FIELDS, link.expires, link.signature, now=1000.0)
    assert signer.verify(*FIELDS, link.expires, link.signature, now=7199.9)
    assert not signer.verify(*FIELDS, link.expires, link.signature, now=7200.0)


@pytest.mark.parametrize("position", range(4))
@pytest.mark.parametrize("change", ["", "x", "acc_1\0", "ACC_1", "acc_1 "])
def test_a_link_is_good_for_nothing_else(position: int, change: str) -> None:
    signer = LinkSigner(KEY, 3600)
    link = signer.sign(*FIELDS, now=1000.0)
    changed = [*FIELDS]
    changed[position] = change
    account_id, message_id, part, token_id = changed
    assert not signer.verify(account_id, message_id, part, token_id, link.expires, link.signature, now=1000.0)


def test_the_end_cannot_be_moved() -> None:
    signer = LinkSigner(KEY, 3600)
    link = signer.sign(*FIELDS, now=1000.0)
    for expires in (link.expires + 3600, link.expires - 1, 0, -1, 2**53, 10**5000):
        assert not signer.verify(*FIELDS, expires, link.signature, now=0.0)


def test_every_changed_character_of_the_signature_is_noticed() -> None:
    signer = LinkSigner(KEY, 3600)
    link = signer.sign(*FIELDS, now=1000.0)
    for position, character in enumerate(link.signature):
        other = "B" if character == "A" else "A"
        changed = link.signature[:position] + other + link.signature[position + 1 :]
        assert not signer.verify(*FIELDS, link.expires, changed, now=1000.0)
    for odd in ("", link.signature[:-1], link.signature + "=", link.signature + "A", "é" * 24, "\ud800"):
        assert not signer.verify(*FIELDS, link.expires, odd, now=1000.0)


def test_another_key_signs_otherwise() -> None:
    link = LinkSigner(KEY, 3600).sign(*FIELDS, now=1000.0)
    assert not LinkSigner(b"x" * 32, 3600).verify(*FIELDS, link.expires, link.signature, now=1000.0)
    assert len(link.signature) * 6 >= 128


@given(st.tuples(_TEXT, _TEXT, _TEXT, _TEXT), st.tuples(_TEXT, _TEXT, _TEXT, _TEXT))
def test_no_two_lists_of_fields_share_a_signature(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    signer = LinkSigner(KEY, 3600)
    assert (signer.sign(*one, now=0) == signer.sign(*other, now=0)) == (one == other)


@pytest.mark.parametrize(
    "shifted", [("acc_1m", "sg_1", "1.2", "tok1"), ("acc_1", "msg_11", ".2", "tok1"), ("acc_1", "msg_1", "", "1.2tok1")]
)
def test_fields_that_join_alike_are_told_apart(shifted: tuple[str, str, str, str]) -> None:
    signer = LinkSigner(KEY, 3600)
    assert signer.sign(*shifted, now=0) != signer.sign(*FIELDS, now=0)


@given(_NOW, st.integers(1, 604_800))
def test_a_link_lives_one_to_two_lifetimes(now: float, lifetime: int) -> None:
    left = LinkSigner(KEY, lifetime).expiry(now) - now
    assert lifetime <= left <= 2 * lifetime


@given(_NOW, st.floats(1, 604_800))
def test_a_lifetime_with_fractions_is_kept_too(now: float, lifetime: float) -> None:
    left = LinkSigner(KEY, lifetime).expiry(now) - now
    assert lifetime - 1e-6 <= left <= 2 * lifetime + 1e-6


@given(st.integers(0, 10**6), st.integers(60, 604_800), st.floats(0.001, 1), st.floats(0.001, 1))
def test_links_of_one_window_are_equal_and_of_the_next_are_not(
    window: int, lifetime: int, first: float, second: float
) -> None:
    signer = LinkSigner(KEY, lifetime)
    links = {signer.sign(*FIELDS, now=(window + part) * lifetime) for part in (first, second)}
    assert len(links) == 1
    assert signer.sign(*FIELDS, now=(window + 1.5) * lifetime) not in links


def test_a_lifetime_under_a_second_is_refused() -> None:
    with pytest.raises(ValueError, match="one second"):
        LinkSigner(KEY, 0.5)
