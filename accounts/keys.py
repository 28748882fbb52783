"""Where the key ring comes from: ``TOKEN_KEYS``, or the file of ``TOKEN_KEYS_FILE``, as JSON.

``{"primary": "15928642", "keys": [{"id": "15928642", "status": "ENABLED", "key": "<base64>"}]}``
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from accounts.errors import KeyringError

KEY_BYTES = 32
_STATUSES = {"ENABLED", "DISABLED"}


@dataclass(frozen=True, slots=True)
class Key:
    """One AES-256 key; a disabled one still says by its id that rows sealed with it exist."""

    id: int
    aead: AESGCM = field(repr=False)
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Keyring:
    """Seals with the primary key and opens with any enabled one."""

    primary: Key
    keys: dict[int, Key] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read a key ring; raise ``KeyringError`` with a sentence that quotes no key."""
        if not text:
            raise KeyringError("it is empty")
        try:
            document = json.loads(text)
        except ValueError:
            raise KeyringError("it is not JSON") from None
        if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
            raise KeyringError('it needs "primary" and a list "keys"')
        keys: dict[int, Key] = {}
        for entry in document["keys"]:
            key = _parse_key(entry)
            if key.id in keys:
                raise KeyringError(f"key {key.id} is listed twice")
            keys[key.id] = key
        primary = keys.get(_key_id(document.get("primary")))
        if primary is None:
            raise KeyringError("the primary key is not in the list")
        if not primary.enabled:
            raise KeyringError(f"the primary key {primary.id} is disabled")
        return cls(primary=primary, keys=keys)


@cache
def _parsed(text: str) -> Keyring:
    return Keyring.parse(text)


def keyring() -> Keyring:
    """Return the key ring of this process; raise ``KeyringError`` where there is none."""
    return _parsed(settings.TOKEN_KEYS)


def new_key() -> dict[str, str]:
    """Make a key with a random id, as an entry of the key ring's list."""
    return {
        "id": str(secrets.randbelow(2**32 - 1) + 1),
        "status": "ENABLED",
        "key": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode(),
    }


def _parse_key(entry: Any) -> Key:
    if not isinstance(entry, dict):
        raise KeyringError("a key must be an object with id, status and key")
    key_id = _key_id(entry.get("id"))
    status = entry.get("status", "ENABLED")
    if status not in _STATUSES:
        raise KeyringError(f"key {key_id} has an unknown status")
    try:
        material = base64.b64decode(str(entry.get("key", "")), validate=True)
    except binascii.Error:
        raise KeyringError(f"key {key_id} is not base64") from None
    if len(material) != KEY_BYTES:
        raise KeyringError(f"key {key_id} is not {KEY_BYTES} bytes long")
    return Key(id=key_id, aead=AESGCM(material), enabled=status == "ENABLED")


def _key_id(value: Any) -> int:
    text = str(value)
    if not text.isdecimal() or not 0 < int(text) < 2**32:
        raise KeyringError("a key id must be a number between 1 and 4294967295")
    return int(text)
