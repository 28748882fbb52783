"""Seal and unseal secrets: AES-256-GCM in Tink's wire format, bound to a row and a field.

The bytes are those of a Tink AEAD keyset with the output prefix TINK: ``0x01``, the key id (4
bytes, big endian), a nonce (12 bytes), the ciphertext and its tag (16 bytes);
developers.google.com/tink/wire-format.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from accounts.errors import UnsealError
from accounts.keys import keyring

_VERSION = b"\x01"
_PREFIX_BYTES = 5
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Secret:
    """A decrypted value that shows itself only to ``reveal()``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[type, tuple[str]]:
        raise TypeError("A secret is not pickled.")


@dataclass(frozen=True, slots=True)
class Context:
    """Where a ciphertext lives: table, column, and the row's identity that never changes."""

    table: str
    column: str
    identity: tuple[str, ...] = ()

    def associated_data(self) -> bytes:
        """Return the parts, each led by its length, so that no two places give the same bytes."""
        parts = ("spotsite", "v1", self.table, self.column, *self.identity)
        return b"".join(
            len(part).to_bytes(4, "big") + part for part in (text.encode() for text in parts)
        )


def seal(secret: str, *, context: Context) -> bytes:
    """Encrypt under the ring's primary key, bound to ``context``."""
    key = keyring().primary
    nonce = os.urandom(_NONCE_BYTES)
    sealed = key.aead.encrypt(nonce, secret.encode(), context.associated_data())
    return _VERSION + key.id.to_bytes(4, "big") + nonce + sealed


def unseal(sealed: bytes, *, context: Context) -> Secret:
    """Decrypt; raise ``UnsealError`` for an unknown key, a changed byte or another row."""
    key = keyring().keys.get(key_id(sealed))
    if key is None or not key.enabled:
        raise UnsealError(f"key {key_id(sealed)} is not in the key ring or disabled")
    nonce = sealed[_PREFIX_BYTES : _PREFIX_BYTES + _NONCE_BYTES]
    try:
        plain = key.aead.decrypt(
            nonce, sealed[_PREFIX_BYTES + _NONCE_BYTES :], context.associated_data()
        )
    except InvalidTag:
        raise UnsealError(f"a value of {context.table}.{context.column} does not open") from None
    return Secret(plain.decode())


def seal_text(secret: str, *, context: Context) -> str:
    """Seal for a place that takes text only: base64 of the sealed bytes."""
    return base64.b64encode(seal(secret, context=context)).decode()


def unseal_text(sealed: str, *, context: Context) -> Secret:
    """Open what ``seal_text`` made."""
    return unseal(text_bytes(sealed), context=context)


def text_bytes(sealed: str) -> bytes:
    """Return the sealed bytes behind a text, without opening them."""
    try:
        return base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise UnsealError("not a sealed value") from None


def primary_key_id() -> int:
    """Return the id of the key that seals now."""
    return keyring().primary.id


def key_id(sealed: bytes) -> int:
    """Return the id of the key that sealed ``sealed``."""
    if len(sealed) < _PREFIX_BYTES + _NONCE_BYTES + _TAG_BYTES or sealed[:1] != _VERSION:
        raise UnsealError("not a sealed value")
    return int.from_bytes(sealed[1:_PREFIX_BYTES], "big")
