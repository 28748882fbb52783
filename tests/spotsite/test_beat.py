"""Beat's jobs: made by migrate, and from then on staff's."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django_celery_beat.models import IntervalSchedule, PeriodicTask

pytestmark = pytest.mark.django_db


def schedule() -> dict[str, str]:
    return {job.task: str(job.interval) for job in PeriodicTask.objects.select_related("interval")}


def test_migrate_makes_the_jobs_of_every_room() -> None:
    PeriodicTask.objects.all().delete()
    IntervalSchedule.objects.all().delete()

    call_command("migrate", verbosity=0)

    assert schedule()["accounts.tasks.refresh_due"] == "every 60 seconds"
    assert schedule()["playlists.tasks.sweep"] == "every 10 seconds"


def test_migrate_leaves_what_staff_changed() -> None:
    call_command("migrate", verbosity=0)
    hourly = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    PeriodicTask.objects.filter(task="accounts.tasks.refresh_due").update(
        interval=hourly, enabled=False
    )
    before = PeriodicTask.objects.count()

    call_command("migrate", verbosity=0)

    job = PeriodicTask.objects.get(task="accounts.tasks.refresh_due")
    assert (job.interval, job.enabled, PeriodicTask.objects.count()) == (hourly, False, before)
