"""Facebook's ``signed_request``: who is meant, believed only where our app secret signed it.

https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass

MAX_CHARS = 4096  # a real one has about 250
_MAX_UID = 191  # SOCIALACCOUNT_UID_MAX_LENGTH


class BadSignedRequest(Exception):
    """It is malformed, or was not signed with our app secret."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """Whom Facebook means (an id that only our app knows), and when it said so."""

    user_id: str
    issued_at: int


def verify(text: str, *, secret: str) -> SignedRequest:
    """Return what ``text`` says; raise ``BadSignedRequest`` unless ``secret`` signed it."""
    if not secret or len(text) > MAX_CHARS:
        raise BadSignedRequest
    signature, dot, payload = text.partition(".")
    if not dot:
        raise BadSignedRequest
    expected = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(expected, _decoded(signature)):
        raise BadSignedRequest
    return _read(_decoded(payload))


def _read(payload: bytes) -> SignedRequest:
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        raise BadSignedRequest from None
    if not isinstance(said, dict) or said.get("algorithm") != "HMAC-SHA256":
        raise BadSignedRequest
    user_id, issued_at = said.get("user_id"), said.get("issued_at")
    if not isinstance(user_id, str) or not 0 < len(user_id) <= _MAX_UID:
        raise BadSignedRequest
    if isinstance(issued_at, bool) or not isinstance(issued_at, int):
        raise BadSignedRequest
    return SignedRequest(user_id=user_id, issued_at=issued_at)


def _decoded(part: str) -> bytes:
    """Decode base64url, padded or not; nothing outside its alphabet passes."""
    bare = part.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadSignedRequest from None
