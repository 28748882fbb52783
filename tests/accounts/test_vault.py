from __future__ import annotations

import base64
import io
import json
import pickle
from collections.abc import Iterator

import pytest
import tink
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from tink import aead, cleartext_keyset_handle
from tink.proto import aes_gcm_pb2

from accounts import keys, vault
from accounts.errors import KeyringError, UnsealError
from accounts.vault import Context, Secret

HERE = Context("accounts_credential", "refresh_ct", ("1", "2", "spotify", "wizzler"))


def ring(*entries: dict[str, str]) -> str:
    """Return a key ring with the first entry as its primary key."""
    return json.dumps({"primary": entries[0]["id"], "keys": list(entries)})


@pytest.fixture
def key() -> Iterator[dict[str, str]]:
    """The only key of the ring while a test runs."""
    entry = keys.new_key()
    with override_settings(TOKEN_KEYS=ring(entry)):
        yield entry


def tink_aead(entry: dict[str, str]) -> aead.Aead:
    """Return Google's own implementation over the same key."""
    aead.register()
    value = aes_gcm_pb2.AesGcmKey(version=0, key_value=base64.b64decode(entry["key"]))
    data = {
        "typeUrl": "type.googleapis.com/google.crypto.tink.AesGcmKey",
        "value": base64.b64encode(value.SerializeToString()).decode(),
        "keyMaterialType": "SYMMETRIC",
    }
    one = {"keyData": data, "status": "ENABLED", "keyId": int(entry["id"])}
    keyset = {"primaryKeyId": int(entry["id"]), "key": [one | {"outputPrefixType": "TINK"}]}
    handle = cleartext_keyset_handle.read(tink.JsonKeysetReader(json.dumps(keyset)))
    return handle.primitive(aead.Aead)


def test_what_the_vault_seals_google_tink_opens(key: dict[str, str]) -> None:
    sealed = vault.seal("AQ-refresh", context=HERE)

    assert tink_aead(key).decrypt(sealed, HERE.associated_data()) == b"AQ-refresh"


def test_what_google_tink_seals_the_vault_opens(key: dict[str, str]) -> None:
    sealed = tink_aead(key).encrypt("Ünïcode".encode(), HERE.associated_data())

    assert vault.unseal(sealed, context=HERE).reveal() == "Ünïcode"
    assert vault.key_id(sealed) == int(key["id"])


@pytest.mark.parametrize(
    "elsewhere",
    [
        Context("accounts_other", "refresh_ct", HERE.identity),
        Context("accounts_credential", "access_ct", HERE.identity),
        Context("accounts_credential", "refresh_ct", ("1", "2", "spotify", "other")),
        Context("accounts_credential", "refresh_ct", ("1", "2", "spotifyw", "izzler")),
        Context("accounts_credential", "refresh_ct", ("1", "2", "spotify")),
        Context("accounts_credential", "refresh_ct"),
    ],
)
def test_a_ciphertext_does_not_open_in_another_place(
    key: dict[str, str], elsewhere: Context
) -> None:
    sealed = vault.seal("AQ-refresh", context=HERE)

    with pytest.raises(UnsealError):
        vault.unseal(sealed, context=elsewhere)


def test_no_byte_of_a_ciphertext_can_be_changed(key: dict[str, str]) -> None:
    sealed = vault.seal("AQ", context=HERE)

    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(UnsealError):
            vault.unseal(bytes(changed), context=HERE)


@pytest.mark.parametrize("text", [b"", b"\x01", b"\x00" * 60, b"AQ-refresh-token-in-clear" * 3])
def test_what_was_never_sealed_does_not_open(key: dict[str, str], text: bytes) -> None:
    with pytest.raises(UnsealError):
        vault.unseal(text, context=HERE)


@given(texts=st.lists(st.text(max_size=6), min_size=1, max_size=5))
def test_two_places_never_have_the_same_associated_data(texts: list[str]) -> None:
    joined = Context("t", "c", ("".join(texts),))

    assert (Context("t", "c", tuple(texts)) == joined) == (
        Context("t", "c", tuple(texts)).associated_data() == joined.associated_data()
    )


def test_the_same_secret_is_never_sealed_to_the_same_bytes(key: dict[str, str]) -> None:
    assert len({vault.seal("AQ", context=HERE) for _ in range(100)}) == 100


def test_an_older_key_opens_and_the_first_one_seals(key: dict[str, str]) -> None:
    sealed = vault.seal("AQ", context=HERE)
    newer = keys.new_key()

    with override_settings(TOKEN_KEYS=ring(newer, key)):
        assert vault.unseal(sealed, context=HERE).reveal() == "AQ"
        assert vault.key_id(vault.seal("AQ", context=HERE)) == int(newer["id"])


def test_a_disabled_and_a_missing_key_open_nothing(key: dict[str, str]) -> None:
    sealed = vault.seal("AQ", context=HERE)
    newer = keys.new_key()

    for entries in ((newer, key | {"status": "DISABLED"}), (newer,)):
        with override_settings(TOKEN_KEYS=ring(*entries)), pytest.raises(UnsealError):
            vault.unseal(sealed, context=HERE)


def test_without_a_ring_nothing_is_sealed_rather_than_kept_in_clear() -> None:
    with override_settings(TOKEN_KEYS=""), pytest.raises(KeyringError):
        vault.seal("AQ", context=HERE)


def test_text_seals_to_text(key: dict[str, str]) -> None:
    sealed = vault.seal_text("JBSWY3DP", context=HERE)

    assert sealed.isascii()
    assert vault.unseal_text(sealed, context=HERE).reveal() == "JBSWY3DP"
    with pytest.raises(UnsealError):
        vault.unseal_text("JBSWY3DP", context=HERE)


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("AQ-refresh")

    assert f"{secret} {secret!r} {[secret]} {vars(Holder(secret))}" == "*** *** [***] {'it': ***}"
    assert secret.reveal() == "AQ-refresh"
    with pytest.raises(TypeError):
        pickle.dump(secret, io.BytesIO())


class Holder:
    def __init__(self, it: Secret) -> None:
        self.it = it
