from __future__ import annotations

import json

import pytest

from accounts.errors import KeyringError
from accounts.keys import Keyring, new_key

GOOD = {"id": "7", "status": "ENABLED", "key": "A" * 43 + "="}


def test_a_ring_knows_its_primary_and_its_older_keys() -> None:
    old = GOOD | {"id": "8", "status": "DISABLED"}

    ring = Keyring.parse(json.dumps({"primary": "7", "keys": [GOOD, old]}))

    assert (ring.primary.id, sorted(ring.keys), ring.keys[8].enabled) == (7, [7, 8], False)
    assert "AAAA" not in repr(ring)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "it is empty"),
        ("{", "it is not JSON"),
        ("[]", 'it needs "primary" and a list "keys"'),
        ('{"primary": "7", "keys": {}}', 'it needs "primary" and a list "keys"'),
        ('{"primary": "7", "keys": []}', "the primary key is not in the list"),
        ('{"primary": "7", "keys": [7]}', "a key must be an object with id, status and key"),
        ('{"primary": "x", "keys": []}', "a key id must be a number between 1 and 4294967295"),
        (
            '{"primary": "4294967296", "keys": []}',
            "a key id must be a number between 1 and 4294967295",
        ),
        (json.dumps({"primary": "8", "keys": [GOOD]}), "the primary key is not in the list"),
        (json.dumps({"primary": "7", "keys": [GOOD, GOOD]}), "key 7 is listed twice"),
        (
            json.dumps({"primary": "7", "keys": [GOOD | {"status": "DISABLED"}]}),
            "the primary key 7 is disabled",
        ),
        (
            json.dumps({"primary": "7", "keys": [GOOD | {"status": "on"}]}),
            "key 7 has an unknown status",
        ),
        (json.dumps({"primary": "7", "keys": [GOOD | {"key": "A#A"}]}), "key 7 is not base64"),
        (
            json.dumps({"primary": "7", "keys": [GOOD | {"key": "QUFB"}]}),
            "key 7 is not 32 bytes long",
        ),
    ],
)
def test_an_unusable_ring_is_refused_with_a_sentence_that_quotes_no_key(
    text: str, sentence: str
) -> None:
    with pytest.raises(KeyringError) as raised:
        Keyring.parse(text)

    assert str(raised.value) == sentence


def test_new_keys_differ_and_are_usable() -> None:
    first, second = new_key(), new_key()

    assert first["id"] != second["id"]
    assert first["key"] != second["key"]
    assert Keyring.parse(json.dumps({"primary": first["id"], "keys": [first, second]}))
