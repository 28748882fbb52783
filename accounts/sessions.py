"""Sessions at rest: sealed as a whole, so that a dump shows no code, verifier or password hash."""

from __future__ import annotations

from typing import Any

from django.core import signing

from accounts.errors import UnsealError
from accounts.vault import Context, seal, unseal

CONTEXT = Context("django_session", "session_data")


class SealedSerializer:
    """Django's JSON serializer with the vault around it (``SESSION_SERIALIZER``)."""

    def dumps(self, obj: Any) -> bytes:
        return seal(signing.JSONSerializer().dumps(obj).decode("latin-1"), context=CONTEXT)

    def loads(self, data: bytes) -> Any:
        try:
            text = unseal(data, context=CONTEXT).reveal()
        except UnsealError as exc:
            # Sessions of a key that is gone are over; Django starts a new one on a bad signature.
            raise signing.BadSignature("session does not open") from exc
        return signing.JSONSerializer().loads(text.encode("latin-1"))
