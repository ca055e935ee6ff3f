import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.keyring import Key, Keyring, KeyringError
from app.security.vault import SealBroken, Vault

OLD, NEW, STRANGER = Key("old", b"o" * 32), Key("new", b"n" * 32), Key("new", b"s" * 32)
PLACE = "accounts/acc_1/secret"
KNOWN_ANSWER = "AQNuZXfmmVl/5iOPi8WXhlbOPV2vUB5aDjq6Ekg77sCka/BXMDBjVLg="


@pytest.fixture
def vault() -> Vault:
    return Vault(Keyring((NEW, OLD)))


@given(st.binary(max_size=2000), st.text(st.characters(codec="utf-8"), max_size=50))
def test_what_is_sealed_opens_in_its_place(plaintext: bytes, place: str) -> None:
    vault = Vault(Keyring((NEW,)))
    sealed = vault.seal(plaintext, place)
    assert vault.open(sealed, place) == plaintext
    if len(plaintext) >= 8:
        assert plaintext not in sealed


def test_the_same_secret_is_sealed_differently_each_time(vault: Vault) -> None:
    assert len({vault.seal(b"password", PLACE) for _ in range(50)}) == 50


def test_every_changed_bit_is_noticed(vault: Vault) -> None:
    sealed = vault.seal(b"password", PLACE)
    for position in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[position] ^= 1 << bit
            with pytest.raises(KeyringError):
                vault.open(bytes(changed), PLACE)


def test_every_cut_and_every_addition_is_noticed(vault: Vault) -> None:
    sealed = vault.seal(b"password", PLACE)
    for size in range(len(sealed)):
        with pytest.raises(KeyringError):
            vault.open(sealed[:size], PLACE)
    with pytest.raises(SealBroken):
        vault.open(sealed + b"\0", PLACE)


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_plainly(data: bytes) -> None:
    with pytest.raises(KeyringError):
        Vault(Keyring((NEW,))).open(data, PLACE)


@pytest.mark.parametrize("place", ["accounts/acc_2/secret", "accounts/acc_1/other", "", PLACE + " "])
def test_a_secret_moved_to_another_row_or_column_stays_shut(vault: Vault, place: str) -> None:
    with pytest.raises(SealBroken):
        vault.open(vault.seal(b"password", PLACE), place)


def test_another_key_of_the_same_id_opens_nothing(vault: Vault) -> None:
    with pytest.raises(KeyringError):
        Vault(Keyring((STRANGER,))).open(vault.seal(b"password", PLACE), PLACE)


def test_a_missing_key_says_what_to_do(vault: Vault) -> None:
    with pytest.raises(KeyringError, match="Add the old key") as caught:
        Vault(Keyring((OLD,))).open(vault.seal(b"password", PLACE), PLACE)
    assert not isinstance(caught.value, SealBroken)


def test_rotation_opens_old_seals_and_tells_them_from_new_ones(vault: Vault) -> None:
    before = Vault(Keyring((OLD,))).seal(b"password", PLACE)
    assert vault.open(before, PLACE) == b"password"
    assert (vault.key_id(before), vault.is_current(before)) == ("old", False)
    after = vault.seal(vault.open(before, PLACE), PLACE)
    assert (vault.key_id(after), vault.is_current(after)) == ("new", True)
    assert Vault(Keyring((NEW,))).open(after, PLACE) == b"password"


def test_seals_of_this_version_open_for_ever() -> None:
    """A known answer: a change of the layout would make every stored credential unreadable."""
    sealed = base64.b64decode(KNOWN_ANSWER)
    assert Vault(Keyring((NEW,))).open(sealed, PLACE) == b"password"


def test_nothing_of_the_keys_shows(vault: Vault) -> None:
    assert "nnnn" not in repr(vault) + str(vault.fingerprints())
    assert vault.derive("links") == Keyring((NEW,)).derive("links")
