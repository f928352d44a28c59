"""Sealed values: what opens, where, and with which key; and how equal values are found."""

import dataclasses
import hashlib

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from core.sealing.algorithms import INDEXINGS, SEALINGS, Indexing, Sealing
from core.sealing.models import Key, Purpose
from core.sealing.ring import KeyRing, SealBroken

PLACE = "rider:phone:1/7"
PHONE = "+8613800000001"


def seal_key(number: int, algorithm: str = "aes-256-gcm", length: int = 32) -> Key:
    return Key(Purpose.SEAL, number, algorithm, hashlib.sha512(f"seal {number}".encode()).digest()[:length])


def index_key(number: int, algorithm: str = "hmac-sha-256") -> Key:
    return Key(Purpose.INDEX, number, algorithm, hashlib.sha256(f"index {number}".encode()).digest())


def ring(*keys: Key) -> KeyRing:
    return KeyRing(lambda: keys)


ONE = ring(seal_key(1), index_key(1))


def test_what_was_sealed_opens_in_its_place_and_nothing_of_it_can_be_read() -> None:
    sealed = ONE.seal(PHONE, PLACE)
    assert sealed is not None
    assert PHONE == ONE.open(sealed, PLACE)
    assert b"138" not in sealed
    assert sealed != ONE.seal(PHONE, PLACE)


@pytest.mark.parametrize("elsewhere", ["rider:phone:1/8", "rider:name:1/7", "appeal:phone:1/7", "rider:phone:2/7"])
def test_a_value_moved_to_another_row_column_or_table_does_not_open(elsewhere: str) -> None:
    with pytest.raises(SealBroken):
        ONE.open(ONE.seal(PHONE, PLACE), elsewhere)


@pytest.mark.parametrize("at", range(45))
def test_a_value_changed_anywhere_does_not_open(at: int) -> None:
    sealed = bytearray(ONE.seal(PHONE, PLACE) or b"")
    assert 45 == len(sealed)
    sealed[at] ^= 1
    with pytest.raises(SealBroken):
        ONE.open(bytes(sealed), PLACE)


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01\x00\x01", bytes(3) + b"13800000001"])
def test_what_was_never_sealed_does_not_open(blob: bytes) -> None:
    with pytest.raises(SealBroken):
        ONE.open(blob, PLACE)


def test_only_who_expects_it_is_given_what_a_migration_left_plain() -> None:
    assert PHONE == ONE.open_plain(bytes(3) + PHONE.encode(), PLACE)
    assert PHONE == ONE.open_plain(ONE.seal(PHONE, PLACE), PLACE)


def test_nothing_stays_nothing() -> None:
    assert (None, None) == (ONE.seal(None, PLACE), ONE.open(None, PLACE))


def test_the_newest_key_seals_and_all_open() -> None:
    both = ring(seal_key(1), seal_key(2), index_key(1))
    old, new = ONE.seal(PHONE, PLACE), both.seal(PHONE, PLACE)
    assert (PHONE, PHONE) == (both.open(old, PLACE), both.open(new, PLACE))
    assert (1, 2) == ((old or b"")[2], (new or b"")[2])
    with pytest.raises(SealBroken):
        ONE.open(new, PLACE)


def test_a_key_that_another_process_got_first_is_looked_for() -> None:
    keys = [seal_key(1), index_key(1)]
    mine = KeyRing(lambda: tuple(keys))
    keys.append(seal_key(2))
    assert 1 == mine.newest_seal
    assert PHONE == mine.open(ring(*keys).seal(PHONE, PLACE), PLACE)
    assert 2 == mine.newest_seal


def test_equal_values_of_one_column_have_equal_indexes_and_of_another_none() -> None:
    assert ONE.index(PHONE, "rider:phone:1") == ONE.index(PHONE, "rider:phone:1")
    others = {("+8613800000002", "rider:phone:1"), (PHONE, "rider:phone:2"), (PHONE, "appeal:contact_phone:1")}
    assert ONE.index(PHONE, "rider:phone:1").odd not in {ONE.index(*other).odd for other in others}


def test_an_index_says_nothing_to_who_lacks_the_key() -> None:
    index = ONE.index(PHONE, "rider:phone:1").odd or b""
    assert index != ring(seal_key(1), dataclasses.replace(index_key(1), secret=bytes(32))).index(PHONE, "rider:phone:1")
    plain = [hashlib.sha256(text.encode()).digest() for text in (PHONE, f"rider:phone:1:{PHONE}")]
    assert index[3:] not in plain


def test_while_two_index_keys_are_in_use_a_value_is_indexed_under_both() -> None:
    both = ring(seal_key(1), index_key(1), index_key(2))
    found = both.index(PHONE, "rider:phone:1")
    assert found.odd == ONE.index(PHONE, "rider:phone:1").odd
    assert found.even == ring(seal_key(1), index_key(2)).index(PHONE, "rider:phone:1").even


def test_a_printed_key_does_not_show_its_secret() -> None:
    assert "secret" not in repr(seal_key(1))
    assert repr(seal_key(1).secret) not in repr(seal_key(1))


class Sm4Gcm:
    """The Chinese national cipher in the same mode."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        encryptor = Cipher(algorithms.SM4(self._key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated_data)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        if len(data) < 16:
            raise InvalidTag
        decryptor = Cipher(algorithms.SM4(self._key), modes.GCM(nonce, data[-16:])).decryptor()
        decryptor.authenticate_additional_data(associated_data)
        return decryptor.update(data[:-16]) + decryptor.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    digest = hmac.HMAC(key, hashes.SM3())
    digest.update(data)
    return digest.finalize()


def test_the_national_algorithms_can_be_added_beside_what_is_sealed_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SEALINGS, "sm4-gcm", Sealing(2, 16, Sm4Gcm))
    monkeypatch.setitem(INDEXINGS, "hmac-sm3", Indexing(2, 32, hmac_sm3))
    both = ring(seal_key(1), seal_key(2, "sm4-gcm", 16), index_key(1), index_key(2, "hmac-sm3"))
    old, new = ONE.seal(PHONE, PLACE), both.seal(PHONE, PLACE)
    assert (b"\x01\x00\x01", b"\x02\x00\x02") == ((old or b"")[:3], (new or b"")[:3])
    assert (PHONE, PHONE) == (both.open(old, PLACE), both.open(new, PLACE))
    with pytest.raises(SealBroken):
        both.open(new, "rider:phone:1/8")
    found = both.index(PHONE, "rider:phone:1")
    assert (1, 2) == ((found.odd or b"")[0], (found.even or b"")[0])
