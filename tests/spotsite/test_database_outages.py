"""Postgres ends every connection under a worker: its next task uses a new one."""

from __future__ import annotations

import pytest
from django.db import connection

from playlists import tasks
from playlists.models import Run
from simulator.control_client import Control
from tests.playlists.cast import Member, ended, tracks
from tests.processes import Worker, wait_for


@pytest.fixture
def ada(sim: Control, transactional_db: None) -> Member:
    sim.reset("empty")
    return Member.joins(sim, "ada")


def end_connections() -> int:
    """Do what a restart of Postgres does to everybody but us; return how many it met."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        (count,) = cursor.fetchone() or (0,)
    return int(count)


def pushed(ada: Member) -> Run:
    run = ada.wants(tracks(30, start=100), ada.has(tracks(10)))
    tasks.nudge(run.pk)
    return ended(run)


def test_a_task_after_a_restart_of_postgres_is_like_any_other(ada: Member, worker: Worker) -> None:
    assert pushed(ada).state == Run.State.DONE
    assert end_connections() > 0

    assert pushed(ada).state == Run.State.DONE
    assert not worker.said("level='error'")


def test_a_run_is_looked_at_again_soon_where_postgres_goes_away_under_it(
    ada: Member, worker: Worker
) -> None:
    ada.spotify.switch(latency_ms=300)
    run = ada.wants(tracks(900, start=100), ada.has(tracks(10)), mode="append")
    tasks.nudge(run.pk)
    wait_for(lambda: Run.objects.get(pk=run.pk).done >= 100, what="the run to be under way")

    assert end_connections() > 0

    wait_for(lambda: worker.said("the database is away"), what="the worker to notice")
    assert not worker.said("raised unexpected")
