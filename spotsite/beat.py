"""Beat's few jobs: made once after migrate, and from then on staff's to change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections

TABLE = "django_celery_beat_periodictask"


@dataclass(frozen=True, slots=True)
class Job:
    """A task that beat sends again and again."""

    name: str
    task: str
    every: timedelta


_jobs: dict[str, Job] = {}


def register(name: str, task: str, every: timedelta) -> None:
    """Have a row for ``task`` made after the next migrate (call it from ``AppConfig.ready``)."""
    _jobs[name] = Job(name, task, every)


def make_rows(using: str = "default", **kwargs: Any) -> None:
    """Make the rows that are missing (``post_migrate``); one that staff changed stays as it is."""
    # The app's models are there only once all apps are loaded.
    from django_celery_beat.models import IntervalSchedule, PeriodicTask  # noqa: PLC0415

    if TABLE not in connections[using].introspection.table_names():
        return
    for job in _jobs.values():
        if PeriodicTask.objects.using(using).filter(name=job.name).exists():
            continue
        interval, _ = IntervalSchedule.objects.using(using).get_or_create(
            every=int(job.every.total_seconds()), period=IntervalSchedule.SECONDS
        )
        PeriodicTask.objects.using(using).create(name=job.name, task=job.task, interval=interval)
