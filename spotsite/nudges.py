"""Sending nudges: one that the broker does not take is lost, and beat's sweep finds its row.

A page does what it was asked for in Postgres; it must neither fail nor hang because Valkey is away.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

from spotsite import valkey

log = logging.getLogger(__name__)


def send(task: Task, *arguments: int, queue: str = "", seconds: float = 0.0) -> bool:
    """Send a task, at the earliest in ``seconds``; False where the broker does not answer."""
    options: dict[str, Any] = {"queue": queue} if queue else {}
    if seconds:
        options["countdown"] = seconds
    try:
        with valkey.asking():
            task.apply_async(arguments, retry=False, **options)
    except (OperationalError, valkey.NotAsked):
        log.warning("the broker does not answer: a sweep will find what %s was for", task.name)
        return False
    return True


def send_on_commit(task: Task, *arguments: int, queue: str = "") -> None:
    """Send a task once the rows that it is about are there."""
    transaction.on_commit(partial(send, task, *arguments, queue=queue))
