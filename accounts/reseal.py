"""Move what is sealed to the ring's primary key, in batches, while the site goes on.

Credentials carry their key's id in a column; sessions and second factors in the sealed text.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, encrypt
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import signing
from django.db import transaction

from accounts import tokens, vault
from accounts.errors import UnsealError
from accounts.models import Credential

BATCH = 500
_SEALED_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


@dataclass(slots=True)
class Tally:
    """What one pass over a kind of rows did."""

    kind: str
    resealed: int = 0
    unreadable: int = 0
    remaining: int = 0


def run(*, passes: int = 50, pause: float = 0.2) -> list[Tally]:
    """Pass over everything until nothing old remains, or the passes are used up."""
    totals = {kind: Tally(kind) for kind in _KINDS}
    for number in range(passes):
        if number:
            time.sleep(pause)
        for kind, pass_over in _KINDS.items():
            tally = pass_over()
            totals[kind].resealed += tally.resealed
            totals[kind].unreadable = tally.unreadable
            totals[kind].remaining = tally.remaining
        if not any(tally.remaining for tally in totals.values()):
            break
    return list(totals.values())


def _credentials() -> Tally:
    tally, after = Tally("credentials"), 0
    while True:
        batch = tokens.reseal(after=after, most=BATCH)
        tally.resealed += batch.done
        tally.unreadable += batch.unreadable
        if batch.last is None:
            break
        after = batch.last
    old = Credential.objects.sealed_otherwise(vault.primary_key_id()).count()
    tally.remaining = old - tally.unreadable
    return tally


def _sessions() -> Tally:
    tally = Tally("sessions")
    for key, data in _rows(Session.objects.values_list("session_key", "session_data")):
        state = _session_key_id(data)
        if state == vault.primary_key_id():
            continue
        decoded = SessionStore().decode(data)
        if state is None or not decoded:
            tally.unreadable += 1  # its key is gone: the person has signed in again, or will
            continue
        # Only while nobody has written it since: their write is sealed with the primary key.
        same = Session.objects.filter(session_key=key, session_data=data)
        tally.resealed += same.update(session_data=SessionStore().encode(decoded))
    return tally


def _factors() -> Tally:
    tally = Tally("second factors")
    for (pk,) in _rows(Authenticator.objects.filter(type__in=_SEALED_FACTORS).values_list("pk")):
        with transaction.atomic():
            locked = Authenticator.objects.select_for_update(skip_locked=True).filter(pk=pk)
            row = locked.first()
            if row is None:
                tally.remaining += 1
                continue
            try:
                data = _resealed(row.data)
            except UnsealError:
                tally.unreadable += 1
                continue
            if data != row.data:
                locked.update(data=data)
                tally.resealed += 1
    return tally


_KINDS = {"credentials": _credentials, "sessions": _sessions, "second factors": _factors}


def factor_key_ids() -> set[int]:
    """Return the ids of the keys that second factors are sealed with."""
    rows = Authenticator.objects.filter(type__in=_SEALED_FACTORS).values_list("data", flat=True)
    texts = [text for data in rows.iterator() for text in _texts(data)]
    return {key_id for text in texts if (key_id := _text_key_id(text)) is not None}


def _rows(queryset: Any) -> Iterator[Any]:
    """Yield rows in batches by primary key, each batch read when it is its turn."""
    after: Any = None
    while True:
        rows = queryset.order_by("pk") if after is None else queryset.filter(pk__gt=after)
        batch = list(rows.order_by("pk")[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        after = batch[-1][0]


class _Raw:
    """Hands a signed value's bytes over as they are."""

    def dumps(self, obj: bytes) -> bytes:
        return obj

    def loads(self, data: bytes) -> bytes:
        return data


def _session_key_id(data: str) -> int | None:
    try:
        sealed = signing.loads(data, salt=SessionStore().key_salt, serializer=_Raw)
        return vault.key_id(sealed)
    except (signing.BadSignature, UnsealError, ValueError):
        return None


def _resealed(value: Any) -> Any:
    """Return an authenticator's data with every sealed text of an older key sealed anew."""
    if isinstance(value, dict):
        return {key: _resealed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_resealed(part) for part in value]
    if isinstance(value, str) and _text_key_id(value) not in {None, vault.primary_key_id()}:
        return encrypt(decrypt(value))
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _text_key_id(text: str) -> int | None:
    try:
        return vault.key_id(vault.text_bytes(text))
    except UnsealError:
        return None
