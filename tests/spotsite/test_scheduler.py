"""Beat's end: whatever it is at when the signal comes, it finishes that and goes."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest
from django.db import connection
from django_celery_beat.models import PeriodicTask

from tests.processes import Beat, wait_for

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = "django_celery_beat_periodictask"
NOWHERE = "redis://127.0.0.1:1/0"


def waits_for_the_jobs() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [JOBS]
        )
        return cursor.fetchone() == (1,)


def test_a_signal_in_the_middle_of_a_query_ends_beat_when_the_query_has_ended() -> None:
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute(f"LOCK TABLE {JOBS}")
        beat = Beat().start()
        wait_for(waits_for_the_jobs, what="beat to ask for its jobs")
        threading.Timer(1, other.rollback).start()
        began = time.monotonic()
        status = beat.stop()

    assert 0.9 < time.monotonic() - began < 30
    assert status == 0
    assert not beat.said("traceback")


def test_a_signal_while_the_broker_is_away_ends_beat() -> None:
    beat = Beat(REDIS_URL=NOWHERE).start()
    wait_for(lambda: beat.said("does not answer beat"), what="beat to look for the broker")
    began = time.monotonic()

    assert beat.stop() == 0
    assert time.monotonic() - began < 30
    assert not beat.said("traceback")
    jobs = PeriodicTask.objects.all()
    assert jobs
    assert not [job.name for job in jobs if job.last_run_at]
