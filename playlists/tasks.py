"""Nudges: each takes an id, claims a row and calls one function; a doubled one does no harm."""

from __future__ import annotations

import logging
from functools import partial

import redis
from celery import Task, shared_task
from django.db import transaction

from playlists import budget, calls, push, retention
from playlists.models import Run
from playlists.push import Pace
from spotsite import clock, nudges, slots

WATCHED, UNWATCHED = "interactive", "push"
# A slice writes for 20 s, but may have to read a long list before and after.
SOFT_SECONDS, HARD_SECONDS = 150, 180
_SOON_SECONDS = 60  # what is due sooner needs no sweep
_NO_SLOT_SECONDS = 2.0
_SWEEP_MOST = 500
_TIDY_SECONDS = 20.0

log = logging.getLogger(__name__)


@shared_task(soft_time_limit=SOFT_SECONDS, time_limit=HARD_SECONDS)
def work_on(run_id: int) -> None:
    """Work on a run that a person watches for one slice, then nudge for the next."""
    _slice(run_id)


@shared_task(soft_time_limit=SOFT_SECONDS, time_limit=HARD_SECONDS)
def work_on_aside(run_id: int) -> None:
    """Work on a run for one slice where that leaves room for work that people wait for."""
    with slots.background() as free:
        if free and _slice(run_id, in_turn=True):
            return
    # No slot, or it is the turn of another run of the same person.
    if Run.objects.due().filter(pk=run_id).update(nudged_at=clock.now()):
        nudge(run_id, seconds=_NO_SLOT_SECONDS)


def _slice(run_id: int, *, in_turn: bool = False) -> bool:
    """Work on the run for a slice; False where it is not to be had now."""
    run = Run.objects.claim(run_id, in_turn=in_turn)
    if run is None:
        return False
    pace = push.work_on(run)
    if pace is Pace.NOW:
        nudge(run_id)
    elif pace is Pace.LATER and run.not_before is not None:
        seconds = (run.not_before - clock.now()).total_seconds()
        if seconds <= _SOON_SECONDS:
            nudge(run_id, seconds=max(0.0, seconds) + 0.1)
    return True


@shared_task
def sweep() -> None:
    """Nudge the runs that a lost message or a dead worker left; drop what was never started."""
    _recall()
    forgotten = list(Run.objects.forgotten().values_list("pk", flat=True)[:_SWEEP_MOST])
    Run.objects.filter(pk__in=forgotten).update(nudged_at=clock.now())
    for run_id in forgotten:
        nudge(run_id)
    Run.objects.old_drafts().delete()


@shared_task
def tidy() -> None:
    """Let go of old versions and of titles that nothing needs; a long time's worth in turns."""
    if retention.tidy(seconds=_TIDY_SECONDS):
        nudges.send(tidy)


@shared_task
def store_calls() -> None:
    """Move the calls that were counted to Postgres, and with them the rate that Spotify bears."""
    calls.store()
    budget.save_rate()


@shared_task
def purge_calls() -> None:
    calls.purge()


def _recall() -> None:
    try:
        budget.recall()
    except redis.RedisError:
        log.warning("Valkey does not answer: the sweep goes on without it")


def nudge_on_commit(run: Run) -> None:
    """Tell a worker of a run that a person watches, once its row is there."""
    transaction.on_commit(partial(_send, work_on, run.pk, queue=WATCHED))


def nudge(run_id: int, *, seconds: float = 0.0) -> None:
    _send(work_on_aside, run_id, queue=UNWATCHED, seconds=seconds)


def _send(task: Task, run_id: int, *, queue: str, seconds: float = 0.0) -> None:
    if not nudges.send(task, run_id, queue=queue, seconds=seconds):
        Run.objects.filter(pk=run_id).update(nudged_at=None)  # the next sweep need not wait
