"""Slots for work that nobody waits for: while they are taken, the rest of a worker is for people.

A slot is a session lock in Postgres, so that it ends with the process that holds it, however it
ends. Behind a pooler that shares sessions (PgBouncer in transaction mode) this does not hold.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DatabaseError, connection


@contextmanager
def background() -> Iterator[bool]:
    """Yield True while one of this worker's slots is ours, or False where none is free."""
    slot = _take()
    try:
        yield slot is not None
    finally:
        if slot is not None:
            _give_back(slot)


def _take() -> int | None:
    with connection.cursor() as cursor:
        for slot in range(settings.BACKGROUND_SLOTS):
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_worker(), slot])
            (taken,) = cursor.fetchone() or (False,)
            if taken:
                return slot
    return None


def _give_back(slot: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_worker(), slot])
    except DatabaseError:
        connection.close()  # and with the session the lock is gone


def _worker() -> int:
    """Return a number for the worker whose child we are: its slots are its own."""
    name = f"{socket.gethostname()}/{os.getppid()}".encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:4], "big", signed=True)
