"""Valkey goes away under a worker with tasks under way: it goes on, and so does the work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import redis
from django.conf import settings

from playlists import tasks
from playlists.models import Run
from runner import control
from simulator.control_client import Control
from tests.playlists.cast import Member, ended, tracks
from tests.processes import Beat, Worker, wait_for

pytestmark = pytest.mark.waits

OLD, NEW = tracks(10), tracks(900, start=100)


@pytest.fixture
def ada(sim: Control, transactional_db: None) -> Member:
    sim.reset("empty")
    sim.switch(latency_ms=400)
    return Member.joins(sim, "ada")


@pytest.fixture
def beat(worker: Worker) -> Iterator[Beat]:
    process = Beat().start()
    yield process
    process.stop()


@pytest.fixture
def keeps(valkey: None) -> Iterator[Callable[[], None]]:
    """Have Valkey keep its data at the next stop; there is nothing left of it afterwards."""
    server = redis.Redis.from_url(settings.REDIS_URL)
    yield lambda: bool(server.config_set("save", "3600 1"))
    server.flushall()
    server.save()
    server.close()


def under_way(ada: Member) -> Run:
    """A run that a worker has begun and has still some calls to make for."""
    run = ada.wants(NEW, ada.has(OLD), mode="append")
    tasks.nudge(run.pk)
    wait_for(lambda: Run.objects.get(pk=run.pk).done >= 100, what="the run to be under way")
    return run


def is_done(ada: Member, run: Run, *, seconds: float) -> bool:
    run = ended(run, seconds=seconds)
    assert run.state == Run.State.DONE, run.sentence
    return ada.spotify.uris(run.playlist_id) == OLD + run.wanted


def is_taken(ada: Member) -> bool:
    """Say whether a worker does what it is told now."""
    run = ada.wants(NEW[:20], ada.has(OLD), mode="append")
    tasks.nudge(run.pk)
    return is_done(ada, run, seconds=15)


def wait(seconds: float) -> None:
    ends = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > ends, seconds=seconds + 5)


@pytest.mark.parametrize(("how", "seconds"), [("stopped", 3), ("killed and emptied", 30)])
def test_an_outage_ends_no_worker_and_loses_no_work(
    ada: Member,
    worker: Worker,
    beat: Beat,
    keeps: Callable[[], None],
    how: str,
    seconds: float,
) -> None:
    begun = [under_way(ada), under_way(ada)]
    if how == "stopped":
        keeps()
    control.ask("stop" if how == "stopped" else "kill", "valkey")
    try:
        unheard = ada.wants(NEW, ada.has(OLD), mode="append")
        tasks.nudge_on_commit(unheard)
        wait(seconds)
    finally:
        control.ask("start", "valkey")
    back = len(worker.lines)
    wait_for(
        lambda: any("received" in line for line in worker.lines[back:]),
        seconds=15 if how == "stopped" else 30,
        what="the worker to take up work again",
    )

    assert all(is_done(ada, run, seconds=60) for run in [*begun, unheard])
    assert all(is_taken(ada) for _ in range(4))  # each child has its turn
    assert worker.is_alive
    assert beat.is_alive
    assert not worker.said("level='critical'")
    assert not beat.said("level='critical'")
