"""Nudges: each takes an id, claims a row and calls one function; a doubled one does no harm."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

import redis
from celery import Task, shared_task
from django.core.cache import cache
from django.db import transaction

from playlists import budget, calls, digest, dispatch, match_runs, push, retention
from playlists.budget import Purpose
from playlists.connection import Connection
from playlists.models import Matching, Reading, Run
from playlists.push import Pace
from spotsite import clock, nudges, outages, slots

WATCHED, UNWATCHED = "interactive", "push"
# A slice writes for 20 s, but may have to read a long list before and after.
SOFT_SECONDS, HARD_SECONDS = 150, 180
_SOON_SECONDS = 60  # what is due sooner needs no sweep
_NO_SLOT_SECONDS = 2.0
_AWAY_SECONDS = 3.0
_SWEEP_MOST = 500
_NEXT_SWEEP = timedelta(seconds=11)  # beat's ten, and one for the way
_TIDY_SECONDS = 20.0

log = logging.getLogger(__name__)


@shared_task(soft_time_limit=SOFT_SECONDS, time_limit=HARD_SECONDS)
def work_on(run_id: int) -> None:
    """Work on a run that a person watches for one slice, then nudge for the next."""
    with _patience(run_id):
        _slice(run_id, Purpose.INTERACTIVE)


@shared_task(soft_time_limit=SOFT_SECONDS, time_limit=HARD_SECONDS)
def work_on_aside(run_id: int) -> None:
    """Work on a run for one slice where that leaves room for work that people wait for."""
    with _patience(run_id):
        with slots.background() as free:
            if free and _slice(run_id, Purpose.PUSH, in_turn=True):
                return
        # No slot, or it is the turn of another run of the same person.
        if Run.objects.due().filter(pk=run_id).update(nudged_at=clock.now()):
            nudge(run_id, seconds=_NO_SLOT_SECONDS)


@contextmanager
def _patience(run_id: int) -> Iterator[None]:
    """Look at the run again a little later where Postgres goes away."""
    try:
        yield
    except outages.DATABASE as exc:
        log.error("the database is away: %s", type(exc).__name__)  # noqa: TRY400 -- no fault of ours
        nudge(run_id, seconds=_AWAY_SECONDS)


def _slice(run_id: int, purpose: Purpose, *, in_turn: bool = False) -> bool:
    """Work on the run for a slice; False where it is not to be had now."""
    run = Run.objects.claim(run_id, in_turn=in_turn)
    if run is None:
        return False
    pace = push.work_on(run, partial(Connection, purpose=purpose))
    if pace is Pace.NOW:
        nudge(run_id)
    elif pace is Pace.LATER and (seconds := _until(run.not_before)) <= _SOON_SECONDS:
        nudge(run_id, seconds=seconds)
    return True


@shared_task(soft_time_limit=SOFT_SECONDS, time_limit=HARD_SECONDS)
def match(matching_id: int) -> None:
    """Search for the lines of a list for one slice, where that leaves room for who waits."""
    with slots.background() as free:
        matching = Matching.objects.claim(matching_id, in_turn=True) if free else None
        if matching is not None:
            pace = match_runs.work_on(matching, partial(Connection, purpose=Purpose.PUSH))
            _go_on(matching, pace)
            return
    if Matching.objects.due().filter(pk=matching_id).update(nudged_at=clock.now()):
        nudge_matching(matching_id, seconds=_NO_SLOT_SECONDS)


def _go_on(matching: Matching, pace: Pace) -> None:
    if pace is Pace.NOW:
        nudge_matching(matching.pk)
    elif pace is Pace.LATER and matching.not_before is not None:
        seconds = (matching.not_before - clock.now()).total_seconds()
        if seconds <= _SOON_SECONDS:
            nudge_matching(matching.pk, seconds=max(0.0, seconds) + 0.1)


@shared_task
def start_due() -> None:
    """Start the recipes whose time has come (beat); the sweep finds what a nudge lost."""
    tick = dispatch.start_due()
    for run in tick.started:
        nudge(run.pk)
    if tick.is_full:
        nudges.send(start_due)


@shared_task
def sweep() -> None:
    """Nudge the runs that a lost message or a dead worker left; drop what was never started."""
    _recall()
    runs = Run.objects.due() if _is_emptied() else Run.objects.forgotten()
    forgotten = list(runs.values_list("pk", flat=True)[:_SWEEP_MOST])
    Run.objects.filter(pk__in=forgotten).update(nudged_at=clock.now())
    for run_id in forgotten:
        nudge(run_id)
    _await_leases()
    Run.objects.old_drafts().delete()
    Reading.objects.left_over().delete()
    _sweep_matchings()


def _sweep_matchings() -> None:
    forgotten = list(Matching.objects.forgotten().values_list("pk", flat=True)[:_SWEEP_MOST])
    Matching.objects.filter(pk__in=forgotten).update(nudged_at=clock.now())
    for matching_id in forgotten:
        nudge_matching(matching_id)


@shared_task
def tidy() -> None:
    """Let go of old versions, and of titles and lists that nothing needs; in turns."""
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


@shared_task
def send_digests(after: int = 0) -> None:
    """Tell people on Monday morning what their recipes did (beat, hourly); many in turns."""
    last = digest.tell_due(after=after)
    if last is not None:
        nudges.send(send_digests, last)


def _is_emptied() -> bool:
    """Say whether Valkey lost all since the last sweep: then nobody was told of anything."""
    try:
        return bool(cache.add("swept", 1, timeout=None))
    except redis.RedisError:
        return False


def _await_leases() -> None:
    """Have a dead worker's runs taken over as soon as their leases end; a living one renews them.

    Else they would wait for the first sweep after that.
    """
    ending = Run.objects.lapsing(within=_NEXT_SWEEP)
    for run_id, until in ending.values_list("pk", "lease_until")[:_SWEEP_MOST]:
        nudge(run_id, seconds=_until(until))


def _until(moment: datetime | None) -> float:
    """Return the seconds until a little after ``moment``."""
    return max(0.0, (moment - clock.now()).total_seconds()) + 0.1 if moment else 0.0


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


def nudge_matching_on_commit(matching: Matching) -> None:
    transaction.on_commit(partial(nudge_matching, matching.pk))


def nudge_matching(matching_id: int, *, seconds: float = 0.0) -> None:
    if not nudges.send(match, matching_id, queue=UNWATCHED, seconds=seconds):
        Matching.objects.filter(pk=matching_id).update(nudged_at=None)
