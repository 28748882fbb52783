"""The Celery application: prefork, ids only, no results; rows are the truth and tasks are nudges.

The settings and why: one lost or doubled message must not matter, a killed worker's task comes
back soon, and nothing is kept in the broker that Postgres does not know (docs.celeryq.dev, "Redis",
"Caveats").
"""

from __future__ import annotations

import os
import warnings
from functools import cached_property
from typing import Any

from celery import Celery, Task
from celery.signals import beat_init, task_prerun, worker_init
from django.db import close_old_connections
from kombu.transport import TRANSPORT_ALIASES

from spotsite import startup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")

TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "spotsite.broker:Transport"))
# Tasks under way outlive a lost connection here; Celery warns of that at each one.
warnings.filterwarnings("ignore", r"\s*In Celery 5\.1", PendingDeprecationWarning)

PATIENT = {"socket_connect_timeout": 2, "socket_timeout": 2}


class Application(Celery):
    """Celery with a beat that ends when it is told to."""

    @cached_property
    def Beat(self) -> Any:  # noqa: N802 -- Celery's name
        return self.subclass_with_self("spotsite.ending:Beat")


app = Application("spotsite", amqp="spotsite.broker:AMQP")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def be_patient(**kwargs: Any) -> None:
    """Let those who live for the broker wait longer and try again, which a page does not."""
    options = {**app.conf.broker_transport_options, **PATIENT}
    options.pop("max_retries", None)
    app.conf.broker_transport_options = options


@task_prerun.connect
def drop_broken_connections(sender: Task, **kwargs: Any) -> None:
    """Look whether Postgres is still there before a connection is used once more.

    Celery keeps it for 200 signals (``CELERY_DB_REUSE_MAX``) without a look: after a restart of
    Postgres a worker's every task would fail until then.
    """
    if not sender.request.is_eager:
        close_old_connections()


@worker_init.connect
def refuse_unless_ready(**kwargs: Any) -> None:
    """End the worker before it forks where a check finds a fault."""
    try:
        startup.refuse_unless_ready()
    except startup.NotReady as exc:
        # Celery swallows what a receiver raises, except the wish to leave.
        raise SystemExit(f"The worker does not start: {exc}") from exc
