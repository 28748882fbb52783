"""Lists that take longer to read than a slice lasts, or than the limits allow in one go."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import leaving, scopes
from playlists import dispatch, push, tasks
from playlists.budget import Purpose
from playlists.connection import Connection
from playlists.models import LeaseLost, Reading, ReadPage, Run
from playlists.readings import Reader
from simulator.control_client import Control
from spotsite import clock
from tests.playlists.cast import Member, edit, one_slice, state_of, tracks, worked, writes
from tests.playlists.test_push import old_dates
from tests.playlists.test_recipe_runs import of, playlist, saved
from tests.processes import Worker, wait_for

LONG = 4_000
PAGE = r"/playlists/[^/]+/items$"
MOST_SLICES = 400


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Any:
    yield Member.joins(spotify, "ada", scopes=scopes.to_ask((), scopes.EXTRAS))
    clock.move(-clock.offset())


@pytest.fixture
def usual_limits(settings: Any) -> None:
    settings.SPOTIFY_CALLS_PER_SECOND = 8
    settings.SPOTIFY_BURST = 60


@pytest.fixture
def one_page_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "SLICE_SECONDS", 0.0)


def pages_read(ada: Member, playlist_id: str) -> int:
    path = f"/v1/playlists/{playlist_id}/items"
    return sum(row["method"] == "GET" and row["path"] == path for row in ada.spotify.log())


def unwatched(run: Run, between: Callable[[int], None] = lambda _: None) -> Run:
    """Do what workers do for a run that nobody watches, and let the time pass that it waits.

    The limiter's clock is Valkey's: what waits for it waits in earnest.
    """
    connect = partial(Connection, purpose=Purpose.PUSH)
    for number in range(MOST_SLICES):
        run.refresh_from_db()
        if not run.is_active:
            return run
        ahead = run.not_before - clock.now() if run.not_before else timedelta(0)
        if ahead > timedelta(0):
            ahead += timedelta(milliseconds=10)
            time.sleep(ahead.total_seconds()) if run.code == "pace" else clock.move(ahead)
        claimed = Run.objects.claim(run.pk)
        assert claimed is not None
        push.work_on(claimed, connect)
        between(number)
    raise AssertionError(f"it never ends: {run.state} {run.code} {run.calls_used}")


@pytest.mark.waits
@pytest.mark.usefixtures("usual_limits")
def test_a_long_target_ends_right_at_the_usual_limits(ada: Member) -> None:
    playlist_id = ada.has(tracks(LONG))
    wanted = tracks(LONG, start=50)

    run = unwatched(ada.wants(wanted, playlist_id))

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == wanted
    assert pages_read(ada, playlist_id) == 2 * LONG / 50
    assert (Reading.objects.count(), ReadPage.objects.count()) == (0, 0)


@pytest.mark.waits
@pytest.mark.usefixtures("usual_limits")
def test_a_long_source_ends_right_at_the_usual_limits(ada: Member) -> None:
    source = ada.has(tracks(LONG))
    recipe = saved(ada, of(ada, playlist(source), target=ada.has([])))
    ada.spotify.clear_log()

    run = unwatched(dispatch.start(recipe))

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(run.playlist_id) == tracks(LONG)
    assert pages_read(ada, source) == LONG / 50
    assert not ReadPage.objects.exists()


def test_a_worker_killed_in_the_middle_of_a_long_read_costs_no_page(
    ada: Member, worker: Worker
) -> None:
    playlist_id = ada.has(tracks(1_000))
    ada.spotify.fault(method="GET", path=PAGE, skip=12, kind="hang", when="before")
    run = ada.wants(tracks(1_000, start=5), playlist_id, mode="append")

    tasks.nudge(run.pk)
    wait_for(lambda: ada.spotify.faults()[0]["hit"], what="the page to hang")
    worker.kill()
    assert Reading.objects.get().offset == 600
    ada.spotify.clear_faults()
    ada.spotify.clear_log()
    run = ada.later(run, seconds=60)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == tracks(1_000) + tracks(1_000, start=5)
    assert pages_read(ada, playlist_id) == 8 + 40


@pytest.mark.usefixtures("one_page_a_slice")
def test_a_list_that_changed_in_the_middle_is_read_anew(ada: Member) -> None:
    playlist_id = ada.has(tracks(300))
    run = ada.wants(tracks(40, start=900), playlist_id, mode="append")
    for _ in range(3):
        one_slice(run)
    assert Reading.objects.get().offset == 150

    # As long as before: only the snapshot id tells.
    edit(ada, "PUT", playlist_id, {"range_start": 0, "insert_before": 300, "range_length": 1})
    run = worked(run)
    assert (run.state, run.code) == (Run.State.WAITING, "changing")
    assert "read again" in run.sentence
    run = ada.later(run, seconds=30)

    assert run.state == Run.State.DONE, run.sentence
    now = [*tracks(299, start=1), *tracks(1)]
    assert ada.spotify.uris(playlist_id) == now + tracks(40, start=900)
    assert run.before is not None
    assert run.before.uris == now


@pytest.mark.usefixtures("one_page_a_slice")
def test_a_list_that_somebody_keeps_changing_ends_the_run_with_a_sentence(ada: Member) -> None:
    playlist_id = ada.has(tracks(300))
    run = ada.wants(tracks(40, start=900), playlist_id, mode="append")

    def move(number: int) -> None:
        if number % 3 == 2:
            move = {"range_start": 0, "insert_before": 300, "range_length": 1}
            edit(ada, "PUT", playlist_id, move)

    run = unwatched(run, between=move)

    assert (run.state, run.code) == (Run.State.FAILED, "keeps_changing")
    assert "changed again and again" in run.sentence
    assert sorted(ada.spotify.uris(playlist_id)) == tracks(300)
    assert [row["method"] for row in writes(ada)] == ["PUT"] * len(writes(ada))
    assert not Reading.objects.exists()
    assert run.retry()
    assert worked(run).state == Run.State.DONE


@pytest.mark.usefixtures("one_page_a_slice")
def test_a_source_that_somebody_keeps_changing_ends_the_run_with_a_sentence(ada: Member) -> None:
    source = ada.has(tracks(300))
    run = dispatch.start(saved(ada, of(ada, playlist(source))))

    def move(number: int) -> None:
        if number % 3 == 2:
            move = {"range_start": 0, "insert_before": 300, "range_length": 1}
            edit(ada, "PUT", source, move)

    run = unwatched(run, between=move)

    assert (run.state, run.code) == (Run.State.FAILED, "keeps_changing")


@pytest.mark.usefixtures("one_page_a_slice")
def test_a_change_behind_the_reader_is_seen_at_the_end(ada: Member) -> None:
    """The list is looked at again after the last page, as what was read first may be gone."""
    playlist_id = ada.has(tracks(150))
    run = ada.wants(tracks(10, start=900), playlist_id, mode="append")
    one_slice(run)
    one_slice(run)

    edit(ada, "PUT", playlist_id, {"range_start": 0, "insert_before": 150, "range_length": 1})
    one_slice(run)
    run.refresh_from_db()
    assert (run.state, run.code) == (Run.State.WAITING, "changing")
    run = ada.later(run, seconds=30)

    assert run.before is not None
    assert run.before.uris == [*tracks(149, start=1), *tracks(1)]


@contextmanager
def moved_to_a_page_that_was_read(ada: Member, playlist_id: str) -> Iterator[None]:
    """Have the last of 90 tracks become the first, once the second page has been asked for."""
    ada.spotify.fault(method="GET", path=PAGE, skip=1, kind="hang", seconds=2)

    def move() -> None:
        wait_for(lambda: ada.spotify.faults()[0]["hit"], what="the second page to be asked for")
        ada.spotify.clear_faults()
        edit(ada, "PUT", playlist_id, {"range_start": 89, "insert_before": 0, "range_length": 1})

    with ThreadPoolExecutor() as threads:
        moving = threads.submit(move)
        yield
        moving.result()


def in_the_end(ada: Member, run: Run) -> Run:
    """Let so much time pass as the run needs to end."""
    for _ in range(10):
        if not run.is_active:
            break
        assert run.not_before is not None
        run = ada.later(run, seconds=max(0.0, (run.not_before - clock.now()).total_seconds()) + 1)
    return run


LAGS = pytest.mark.parametrize("lag", [0, 30], ids=["at once", "late"])


@LAGS
def test_a_track_that_moves_past_the_reader_is_not_missed_in_a_target(
    ada: Member, lag: float
) -> None:
    ada.spotify.switch(snapshot_delay_s=lag, snapshot_style="stale")
    playlist_id = ada.has(tracks(90))
    old = {(item["uri"], item["added_at"]) for item in ada.spotify.playlist(playlist_id)["items"]}
    run = ada.wants(tracks(95), playlist_id)

    with moved_to_a_page_that_was_read(ada, playlist_id):
        run = worked(run)
    assert (run.state, run.code) == (Run.State.WAITING, "changing"), run.sentence
    run = in_the_end(ada, run)

    assert run.state == Run.State.DONE, run.sentence
    assert run.before is not None
    assert run.before.uris == [*tracks(1, start=89), *tracks(89)]
    assert ada.spotify.uris(playlist_id) == tracks(95)
    assert old_dates(ada, playlist_id, old) == 90


@LAGS
def test_a_track_that_moves_past_the_reader_is_not_missed_in_a_source(
    ada: Member, lag: float
) -> None:
    ada.spotify.switch(snapshot_delay_s=lag, snapshot_style="stale")
    source = ada.has(tracks(90))
    run = dispatch.start(saved(ada, of(ada, playlist(source))))

    with moved_to_a_page_that_was_read(ada, source):
        run = worked(run)
    run = in_the_end(ada, run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(run.playlist_id) == [*tracks(1, start=89), *tracks(89)]


def test_a_read_that_comes_further_each_time_is_not_in_vain(ada: Member) -> None:
    playlist_id = ada.has(tracks(1_000))
    ada.spotify.fault(method="GET", path=PAGE, skip=1, status=503, times=1)
    run = ada.wants(tracks(10, start=5_000), playlist_id, mode="append")

    def fail_again(_: int) -> None:
        ada.spotify.clear_faults()
        ada.spotify.fault(method="GET", path=PAGE, skip=1, status=503, times=1)

    run = unwatched(run, between=fail_again)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == tracks(1_000) + tracks(10, start=5_000)


@pytest.mark.usefixtures("one_page_a_slice")
def test_what_was_read_goes_with_the_run_and_with_the_person(ada: Member) -> None:
    run = ada.wants(tracks(10), ada.has(tracks(300)))
    one_slice(run)
    assert ReadPage.objects.exists()
    run.ask_to_cancel()
    worked(run)
    assert state_of(run) == Run.State.CANCELLED
    tasks.sweep()
    assert not ReadPage.objects.exists()

    other = ada.wants(tracks(10), ada.has(tracks(300)))
    one_slice(other)
    leaving.leave(ada.user, withdraw=False)
    assert not ReadPage.objects.exists()


@pytest.mark.usefixtures("one_page_a_slice")
def test_a_long_read_is_cancelled_between_two_pages(ada: Member) -> None:
    run = ada.wants(tracks(10), ada.has(tracks(300)))
    one_slice(run)
    claimed = Run.objects.claim(run.pk)
    assert claimed is not None
    ada.browser().post(f"/runs/{run.uuid}/cancel/")

    push.work_on(claimed)

    assert state_of(run) == Run.State.CANCELLED
    assert not Reading.objects.exists()


def test_a_short_list_is_read_without_a_row(ada: Member) -> None:
    run = ada.wants(tracks(40), ada.has(tracks(50)))
    with CaptureQueriesContext(connection) as queries:
        assert worked(run).state == Run.State.DONE
    assert not [one for one in queries if "INSERT" in one["sql"] and "reading" in one["sql"]]


def test_a_worker_that_lost_the_run_leaves_what_was_read_alone(ada: Member) -> None:
    run = Run.objects.claim(ada.wants(tracks(3), ada.has([])).pk)
    assert run is not None
    ago = clock.now() - timedelta(hours=1)
    Reading.objects.create(run=run, key="list", mark="A", looked_at=ago, offset=50, total=90)

    def look() -> str:
        """Look so long that the next worker has read the list to its end meanwhile."""
        Run.objects.filter(pk=run.pk).update(lease_gen=run.lease_gen + 1)
        Reading.objects.all().delete()
        return "A"

    def wait(until: datetime) -> NoReturn:
        raise AssertionError(f"nothing is read here, so nothing waits until {until}")

    reader = Reader(run, keep=run.keep, stop=lambda: None, wait=wait)
    with pytest.raises(LeaseLost):
        reader.read("list", lambda _: iter(()), look)
