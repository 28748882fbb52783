"""What becomes of a run: in peace, killed, refused, put off, and beside somebody else's edits."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.cache import caches

from accounts import tokens
from playlists import push, tasks
from playlists.models import LEASE, Run, Version
from playlists.push import Pace
from spotsite import clock, http
from tests.playlists.cast import (
    Member,
    edit,
    ended,
    one_slice,
    state_of,
    tracks,
    until_a_write,
    worked,
    writes,
)
from tests.processes import Worker, wait_for

ITEMS = r"/playlists/[^/]+/items$"
SETTLED = 60  # seconds: longer than the settle wait and any lease


def test_replacing_stores_the_list_before_and_after(ada: Member) -> None:
    old, new = tracks(230), tracks(300, start=100)
    playlist_id = ada.has(old)

    run = worked(ada.wants(new, playlist_id))

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == new
    assert run.before is not None
    assert run.before.uris == old
    assert run.after is not None
    assert run.after.uris == new
    assert run.done == run.total == 300


def test_appending_keeps_what_is_there_with_its_dates(ada: Member) -> None:
    playlist_id = ada.has(tracks(70))
    dates = [item["added_at"] for item in ada.spotify.playlist(playlist_id)["items"]]

    run = worked(ada.wants(tracks(250, start=60), playlist_id, mode="append"))

    after = ada.spotify.playlist(playlist_id)
    assert run.state == Run.State.DONE, run.sentence
    assert after["uris"] == tracks(70) + tracks(250, start=60)
    assert [item["added_at"] for item in after["items"]][:70] == dates


def test_nothing_is_written_where_nothing_changes(ada: Member) -> None:
    playlist_id = ada.has(tracks(120))

    run = worked(ada.wants(tracks(120), playlist_id))

    assert run.state == Run.State.DONE
    assert writes(ada) == []
    assert Version.objects.count() == 1  # an equal digest makes no new row


@pytest.mark.usefixtures("one_write_a_slice")
def test_the_list_is_never_emptied_on_the_way(ada: Member) -> None:
    playlist_id = ada.has(tracks(350))
    run = ada.wants(tracks(300, start=1000), playlist_id)

    lengths = []
    while one_slice(run) is Pace.NOW:
        lengths.append(len(ada.spotify.uris(playlist_id)))

    assert ada.spotify.uris(playlist_id) == tracks(300, start=1000)
    assert len(lengths) > 4
    assert min(lengths) >= 200
    assert max(lengths) <= 350


def test_ten_thousand_lines_replace_ten_thousand(ada: Member) -> None:
    playlist_id = ada.has(tracks(10_000))
    wanted = tracks(10_000, start=50_000)

    run = worked(ada.wants(wanted, playlist_id))

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == wanted


# Killed, cut and unanswered -----------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("mode", "method", "skip"),
    [
        ("append", "POST", 0),
        ("append", "POST", 2),
        ("replace", "POST", 1),
        ("replace", "POST", 3),
        ("replace", "DELETE", 0),
    ],
)
def test_a_worker_killed_at_a_call_loses_and_doubles_nothing(
    ada: Member, worker: Worker, when: str, mode: str, method: str, skip: int
) -> None:
    playlist_id = ada.has(tracks(150))
    ada.spotify.fault(method=method, path=ITEMS, skip=skip, kind="hang", when=when)
    run = ada.wants(tracks(400, start=100), playlist_id, mode=mode)

    tasks.nudge(run.pk)
    wait_for(lambda: ada.spotify.faults()[0]["hit"], what="the call to hang")
    worker.kill()
    run = ada.later(run, seconds=SETTLED)

    expected = tracks(400, start=100)
    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == (
        expected if mode == "replace" else tracks(150) + expected
    )


def test_a_killed_workers_call_may_still_land_so_the_next_one_waits(
    ada: Member, worker: Worker
) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(method="POST", path=ITEMS, kind="hang", when="late", late_s=40)
    run = ada.wants(tracks(100, start=100), playlist_id, mode="append")
    tasks.nudge(run.pk)
    wait_for(lambda: ada.spotify.faults()[0]["hit"], what="the call to hang")
    worker.kill()

    run = ada.later(run, seconds=25)  # the lease is over, the settle wait is not
    assert (run.state, run.code) == (Run.State.WAITING, "settling")
    assert ada.spotify.uris(playlist_id) == tracks(10)
    run = ada.later(run, seconds=35)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == tracks(10) + tracks(100, start=100)


def test_a_worker_killed_in_the_middle_of_a_thousand_tracks_is_replaced_by_the_next(
    ada: Member, worker: Worker
) -> None:
    ada.spotify.switch(latency_ms=60)
    playlist_id = ada.has(tracks(1000))
    wanted = tracks(1000, start=5000)
    run = ada.wants(wanted, playlist_id)
    tasks.nudge(run.pk)
    wait_for(lambda: Run.objects.get(pk=run.pk).done >= 300, what="the run to be under way")

    worker.kill()
    at_the_kill = ada.spotify.uris(playlist_id)
    worker.start()
    clock.move(timedelta(seconds=SETTLED))
    tasks.sweep.delay()
    run = ended(run)

    assert at_the_kill != wanted
    assert len(at_the_kill) >= 900
    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == wanted


def test_many_workers_on_one_run_do_it_once(ada: Member, worker: Worker) -> None:
    ada.spotify.switch(latency_ms=20)
    playlist_id = ada.has(tracks(10))
    run = ada.wants(tracks(500, start=100), playlist_id, mode="append")

    for _ in range(6):
        tasks.work_on.apply_async((run.pk,), queue=tasks.WATCHED)
    run = ended(run)

    assert ada.spotify.uris(playlist_id) == tracks(10) + tracks(500, start=100)
    assert len(writes(ada)) == 5


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "after"},
        {"kind": "drop", "when": "before"},
        {"kind": "status", "status": 502, "text": "<html>Bad gateway</html>", "when": "after"},
        {"kind": "status", "status": 503, "text": "upstream connect error", "when": "before"},
        {"kind": "status", "status": 500, "when": "late", "late_s": 0.2},
        {"kind": "status", "status": 200, "text": "<html>Log in", "when": "before"},
        {"kind": "status", "status": 200, "text": "", "when": "after"},
        {"kind": "status", "status": 201, "json": {}, "when": "before"},
    ],
    ids=[
        *("cut-applied", "cut-not-applied", "502-applied", "503-not-applied", "500-applied-late"),
        *("page-not-applied", "empty-applied", "no-snapshot-not-applied"),
    ],
)
@pytest.mark.parametrize("mode", ["replace", "append"])
def test_a_write_of_unknown_outcome_is_looked_at_after_the_settle_wait(
    ada: Member, fault: dict[str, Any], mode: str
) -> None:
    playlist_id = ada.has(tracks(150))
    ada.spotify.fault(method="POST", path=ITEMS, skip=1, **fault)
    run = worked(ada.wants(tracks(400, start=100), playlist_id, mode=mode))

    assert run.state == Run.State.WAITING
    assert run.unknown_since is not None
    assert one_slice(run) is None  # not due
    seen = len(ada.spotify.log())
    assert ada.later(run, seconds=SETTLED).state == Run.State.DONE, run.sentence

    expected = tracks(400, start=100)
    assert seen < len(ada.spotify.log())
    assert ada.spotify.uris(playlist_id) == (
        expected if mode == "replace" else tracks(150) + expected
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_playlist_is_made_once_though_the_answer_is_lost(ada: Member, when: str) -> None:
    ada.spotify.fault(method="POST", path="/me/playlists$", kind="drop", when=when)
    run = worked(ada.wants(tracks(120)))
    assert run.state == Run.State.WAITING

    run = ada.later(run, seconds=SETTLED)

    (playlist,) = ada.spotify.playlists("ada")
    assert run.state == Run.State.DONE, run.sentence
    assert playlist["id"] == run.playlist_id
    assert ada.spotify.uris(run.playlist_id) == tracks(120)


def test_a_list_that_shows_the_last_write_late_is_waited_for(ada: Member) -> None:
    ada.spotify.switch(items_delay_s=0.6)
    playlist_id = ada.has(tracks(50))

    run = worked(ada.wants(tracks(150, start=100), playlist_id, mode="append"))
    assert run.code == "settling"
    run = ada.later(run, seconds=2)
    while state_of(run) == Run.State.WAITING:
        run = ada.later(run, seconds=2)

    assert run.state == Run.State.DONE, run.sentence
    assert run.quarrels == 0
    assert ada.spotify.uris(playlist_id) == tracks(50) + tracks(150, start=100)


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_a_list_that_shows_the_last_runs_write_late_is_waited_for(ada: Member, mode: str) -> None:
    ada.spotify.switch(stale_read_share=1e-9, stale_read_s=20)  # old lists are kept, none is shown
    playlist_id = ada.has(tracks(10))
    worked(ada.wants(tracks(10, start=100), playlist_id, mode=mode))
    between = ada.spotify.uris(playlist_id)
    ada.spotify.switch(stale_read_share=1)

    run = worked(ada.wants(tracks(10, start=105), playlist_id, mode=mode))
    assert (run.state, run.code) == (Run.State.WAITING, "settling")
    while state_of(run) == Run.State.WAITING:
        run = ada.later(run, seconds=30)

    expected = tracks(10, start=105)
    assert run.state == Run.State.DONE, run.sentence
    assert run.changes == 0
    assert ada.spotify.uris(playlist_id) == (expected if mode == "replace" else between + expected)


def test_a_run_right_after_another_does_not_wait(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    worked(ada.wants(tracks(10, start=100), playlist_id))

    run = worked(ada.wants(tracks(10, start=105), playlist_id))

    assert run.state == Run.State.DONE, run.sentence


# Refused and put off ------------------------------------------------------------------------------


def test_a_token_that_ends_in_the_middle_is_replaced_and_the_call_made_once_more(
    ada: Member, one_write_a_slice: None
) -> None:
    playlist_id = ada.has(tracks(10))
    run = ada.wants(tracks(300, start=100), playlist_id, mode="append")
    one_slice(run)

    ada.spotify.expire_access_tokens("ada")
    run = worked(run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == tracks(10) + tracks(300, start=100)
    refused = [row for row in ada.spotify.log() if row["status"] == 401]
    assert len(refused) == 1


def test_a_write_that_met_a_401_is_made_once_more(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    error = {"error": {"status": 401, "message": "The access token expired"}}
    ada.spotify.fault(method="POST", path=ITEMS, status=401, json=error)

    run = worked(ada.wants(tracks(100, start=100), playlist_id, mode="append"))

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == tracks(10) + tracks(100, start=100)


def test_a_person_who_revokes_us_is_doubted_first_and_asked_to_reconnect_then(
    ada: Member, one_write_a_slice: None
) -> None:
    playlist_id = ada.has(tracks(10))
    run = ada.wants(tracks(300, start=100), playlist_id, mode="append")
    one_slice(run)

    ada.spotify.revoke("ada", access_tokens=True)
    run = worked(run)
    assert (run.state, run.code) == (Run.State.WAITING, "reconnect_doubted")
    for _ in range(4):
        run = ada.later(run, seconds=25 * 3600)

    assert (run.state, run.code) == (Run.State.FAILED, "needs_reconnect")
    assert "Reconnect" in run.sentence
    assert ada.spotify.uris(playlist_id) == tracks(10) + tracks(100, start=100)
    page = ada.browser().get(f"/runs/{run.uuid}/").content.decode()
    assert "Reconnect Spotify" in page
    assert "100 of 300 are in place" in page


def test_a_rate_limit_of_two_seconds_is_waited_for(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(method="POST", path=ITEMS, status=429, headers={"Retry-After": "2"})

    run = worked(ada.wants(tracks(100, start=100), playlist_id, mode="append"))
    assert (run.state, run.code) == (Run.State.WAITING, "rate_limited")
    assert run.unknown_since is None
    wait = (run.not_before - clock.now()).total_seconds() if run.not_before else 0
    assert 0 < wait < 4

    assert ada.later(run, seconds=4).state == Run.State.DONE


def test_a_run_that_is_tried_again_after_another_one_plans_anew(
    ada: Member, one_write_a_slice: None
) -> None:
    playlist_id = ada.has(tracks(10))
    first = ada.wants(tracks(300, start=100), playlist_id)
    one_slice(first)
    one_slice(first)
    first.refresh_from_db()
    first.ask_to_cancel()
    worked(first)
    assert 10 < len(ada.spotify.uris(playlist_id)) < 310
    ada.spotify.advance(seconds=SETTLED)
    clock.move(timedelta(seconds=SETTLED))
    second = worked(ada.wants(tracks(20, start=600), playlist_id))
    assert second.state == Run.State.DONE, second.sentence
    ada.spotify.advance(seconds=SETTLED)
    clock.move(timedelta(seconds=SETTLED))

    first.refresh_from_db()
    assert first.retry()
    first = worked(first)

    assert first.state in {Run.State.DONE, Run.State.HELD}, first.sentence
    if first.state == Run.State.HELD:  # most of what is there would go
        assert first.approve()
        first = worked(first)
    assert ada.spotify.uris(playlist_id) == tracks(300, start=100)


def test_what_nobody_watches_keeps_to_the_persons_share_of_calls(
    ada: Member, settings: Any
) -> None:
    settings.SPOTIFY_CALLS_PER_PERSON = 3
    playlist_id = ada.has(tracks(10))
    run = ada.wants(tracks(300, start=100), playlist_id, mode="append")

    tasks.work_on_aside(run.pk)
    run.refresh_from_db()
    assert (run.state, run.code) == (Run.State.WAITING, "allowance")
    assert run.unknown_since is None

    run.not_before = None
    run.save()
    tasks.work_on(run.pk)  # a person waits: the share is for work that nobody waits for
    run.refresh_from_db()
    assert run.state == Run.State.DONE


def test_a_quota_of_fourteen_hours_stops_all_calls_until_it_ends(ada: Member) -> None:
    playlist_id, other_id = ada.has(tracks(10)), ada.has(tracks(20))
    error = {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}
    ada.spotify.fault(
        method="POST", path=ITEMS, status=429, json=error, headers={"Retry-After": "50400"}
    )
    run = worked(ada.wants(tracks(100, start=100), playlist_id, mode="append"))
    assert (run.state, run.code) == (Run.State.WAITING, "quota")

    other = worked(ada.wants(tracks(100, start=100), other_id, mode="append"))
    assert (other.state, other.code) == (Run.State.WAITING, "quota")
    assert len(writes(ada)) == 1
    page = ada.browser().get(f"/runs/{run.uuid}/").content.decode()
    assert "resumes at" in page
    assert ada.later(run, seconds=13 * 3600).state == Run.State.WAITING

    assert ada.later(run, seconds=1.1 * 3600).state == Run.State.DONE
    assert worked(other).state == Run.State.DONE


def test_spotify_down_is_asked_less_and_less_often_until_it_is_back(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(path="^/v1/", status=503, text="upstream connect error", times=None)
    run = worked(ada.wants(tracks(100, start=100), playlist_id))

    assert (run.state, run.code, run.attempts) == (Run.State.WAITING, "spotify_down", 1)
    assert ada.later(run, seconds=10).attempts == 2
    ada.spotify.clear_faults()
    assert ada.later(run, seconds=30).state == Run.State.DONE


def test_an_outage_after_a_hiccup_costs_no_track(ada: Member) -> None:
    wanted = [*tracks(7), *tracks(1, start=100)]
    playlist_id = ada.has(tracks(8))
    ada.spotify.fault(method="DELETE", path=ITEMS, status=502)
    ada.spotify.fault(method="POST", path=ITEMS, status=502, times=4)
    run = worked(ada.wants(wanted, playlist_id))

    while state_of(run) == Run.State.WAITING:
        run = ada.later(run, seconds=SETTLED)

    assert (run.state, run.sentence) == (Run.State.DONE, "")
    assert ada.spotify.uris(playlist_id) == wanted


def test_spotify_down_for_too_long_ends_the_run(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(path="^/v1/", status=500, text="<html>", times=None)
    run = worked(ada.wants(tracks(100, start=100), playlist_id))

    for _ in range(9):
        run = ada.later(run, seconds=1000)

    assert (run.state, run.code) == (Run.State.FAILED, "gave_up")
    assert run.retry()
    ada.spotify.clear_faults()
    assert worked(run).state == Run.State.DONE


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            {"status": 403, "text": "The user is not registered for this application."},
            "not_allow_listed",
        ),
        (
            {
                "status": 403,
                "text": "Active premium subscription required for the owner of the app.",
            },
            "owner_needs_premium",
        ),
        ({"status": 403, "json": {"error": {"status": 403, "message": "Forbidden"}}}, "forbidden"),
        (
            {
                "status": 403,
                "json": {"error": {"status": 403, "message": "Insufficient client scope"}},
            },
            "missing_scope",
        ),
        ({"status": 404, "json": {"error": {"status": 404, "message": "Not found."}}}, "not_found"),
        ({"status": 413, "text": "Payload too large"}, "too_large"),
        (
            {"status": 400, "json": {"error": {"status": 400, "message": "Invalid id"}}},
            "refused",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_ends_the_run_with_a_sentence(
    ada: Member, answer: dict[str, Any], code: str
) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(method="POST", path=ITEMS, times=None, **answer)

    run = worked(ada.wants(tracks(100, start=100), playlist_id, mode="append"))
    run = ada.later(run, seconds=SETTLED)

    assert (run.state, run.code) == (Run.State.FAILED, code)
    assert run.sentence.endswith(".")
    assert ada.spotify.uris(playlist_id) == tracks(10)


def test_a_scope_that_is_missing_for_a_moment_ends_nothing(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    error = {"error": {"status": 403, "message": "Insufficient client scope"}}
    ada.spotify.fault(method="POST", path=ITEMS, status=403, json=error)

    run = worked(ada.wants(tracks(100, start=100), playlist_id, mode="append"))

    assert run.state == Run.State.WAITING
    assert ada.later(run, seconds=30).state == Run.State.DONE


def test_a_refusal_for_a_moment_ends_nothing_though_something_else_failed_before(
    ada: Member,
) -> None:
    playlist_id = ada.has(tracks(10))
    error = {"error": {"status": 403, "message": "Insufficient client scope"}}
    ada.spotify.fault(method="GET", path=ITEMS, status=503)
    ada.spotify.fault(method="POST", path=ITEMS, status=403, json=error)

    run = worked(ada.wants(tracks(100, start=100), playlist_id, mode="append"))
    assert (run.state, run.code) == (Run.State.WAITING, "spotify_down")
    run = ada.later(run, seconds=30)
    assert (run.state, run.code) == (Run.State.WAITING, "missing_scope_doubted")
    assert ada.later(run, seconds=30).state == Run.State.DONE


OUT_OF_BOUNDS = {"error": {"status": 400, "message": "Given positions are out of bounds"}}


def test_a_refusal_is_forgotten_where_somebody_changed_the_list_meanwhile(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(method="POST", path=ITEMS, status=400, json=OUT_OF_BOUNDS, times=2)
    run = worked(ada.wants(tracks(100, start=100), playlist_id, mode="append"))
    assert (run.state, run.code) == (Run.State.WAITING, "refused_doubted")

    edit(ada, "DELETE", playlist_id, {"items": [{"uri": uri} for uri in tracks(2)]})
    run = ada.later(run, seconds=SETTLED)
    assert (run.state, run.code) == (Run.State.WAITING, "refused_doubted")  # of another list
    run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == [*tracks(8, start=2), *tracks(100, start=100)]


def test_a_refused_write_and_a_refused_read_are_two_things(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(method="POST", path=ITEMS, status=400, json=OUT_OF_BOUNDS)
    run = worked(ada.wants(tracks(100, start=100), playlist_id, mode="append"))

    ada.spotify.fault(method="GET", path=ITEMS, status=400, text="<html>")
    run = ada.later(run, seconds=SETTLED)

    assert (run.state, run.code) == (Run.State.WAITING, "refused_doubted")
    assert ada.later(run, seconds=SETTLED).state == Run.State.DONE


def test_a_write_found_wrong_is_looked_at_when_all_has_settled(ada: Member) -> None:
    """A read right after it may show the list as it was before what made it wrong."""
    ada.spotify.switch(stale_read_share=1e-9, stale_read_s=20)  # old lists are kept, none is shown
    playlist_id = ada.has(tracks(50))
    run = ada.wants(tracks(10, start=100), playlist_id, mode="append")
    claimed = Run.objects.claim(run.pk)
    assert claimed is not None
    ada.spotify.advance(seconds=SETTLED)
    ada.spotify.fault(method="POST", path=ITEMS, status=400, json=OUT_OF_BOUNDS, times=2)

    push.work_on(claimed)
    edit(ada, "DELETE", playlist_id, {"items": [{"uri": uri} for uri in tracks(5)]})
    ada.spotify.switch(stale_read_share=1)
    run = ada.later(run, seconds=10)
    assert (run.state, run.code) == (Run.State.WAITING, "refused_doubted")
    run = ada.later(run, seconds=SETTLED)
    run = ada.later(run, seconds=SETTLED)
    run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == [*tracks(45, start=5), *tracks(10, start=100)]


def test_a_pause_between_two_refusals_forgets_neither(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    error = {"error": {"status": 404, "message": "Not found."}}
    ada.spotify.fault(method="POST", path=ITEMS, status=404, json=error, times=None)
    run = worked(ada.wants(tracks(100, start=100), playlist_id, mode="append"))
    assert (run.state, run.code) == (Run.State.WAITING, "not_found_doubted")

    ada.spotify.fault(method="GET", status=429, headers={"Retry-After": "2"})
    run = ada.later(run, seconds=30)
    assert (run.state, run.code) == (Run.State.WAITING, "rate_limited")
    run = ada.later(run, seconds=30)

    assert (run.state, run.code) == (Run.State.FAILED, "not_found")


def test_a_page_that_is_not_found_for_a_moment_twice_ends_nothing(ada: Member) -> None:
    playlist_id = ada.has(tracks(500))
    error = {"error": {"status": 404, "message": "Not found."}}
    ada.spotify.fault(method="GET", path=ITEMS, status=404, json=error, skip=1)
    run = worked(ada.wants(tracks(10, start=900), playlist_id, mode="append"))
    assert (run.state, run.code) == (Run.State.WAITING, "not_found_doubted")

    ada.spotify.clear_faults()
    ada.spotify.fault(method="GET", path=ITEMS, status=404, json=error, skip=3)
    run = ada.later(run, seconds=30)
    assert (run.state, run.code) == (Run.State.WAITING, "not_found_doubted")

    assert ada.later(run, seconds=30).state == Run.State.DONE


def test_a_run_that_may_not_read_says_that_it_may_not_see(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    error = {"error": {"status": 403, "message": "Insufficient client scope"}}
    ada.spotify.fault(method="GET", path=ITEMS, status=403, json=error, times=None)

    run = ada.later(worked(ada.wants(tracks(100, start=100), playlist_id)), seconds=30)

    assert (run.state, run.code) == (Run.State.FAILED, "missing_scope")
    assert "lacks the right to see this playlist" in run.sentence


def test_somebody_elses_playlist_is_refused_before_any_write(ada: Member) -> None:
    ada.spotify.add_user("bob", allowed=True)
    foreign = ada.spotify.add_playlist("bob", name="Bob's", uris=tracks(5))

    run = worked(ada.wants(tracks(100), foreign))

    assert (run.state, run.code) == (Run.State.FAILED, "not_yours")
    assert writes(ada) == []
    assert ada.spotify.uris(foreign) == tracks(5)


@pytest.mark.parametrize("kind", ["local", "unavailable"])
def test_what_no_program_can_put_back_stays_after_what_it_followed(ada: Member, kind: str) -> None:
    odd = "spotify:local:Me:Demo:Song:180" if kind == "local" else tracks(1, start=900)[0]
    playlist_id = ada.has([*tracks(5), odd, *tracks(5, start=10)])
    if kind == "unavailable":
        ada.spotify.change_catalogue(dead=[odd])
    wanted = [*tracks(20, start=100), *tracks(5), *tracks(30, start=200)]

    run = worked(ada.wants(wanted, playlist_id))

    assert run.state == Run.State.DONE, run.sentence
    place = wanted.index(tracks(5)[-1]) + 1
    assert ada.spotify.uris(playlist_id) == [*wanted[:place], odd, *wanted[place:]]
    assert run.report["fixed"] == 1

    appending = worked(ada.wants(tracks(3, start=300), playlist_id, mode="append"))
    assert appending.state == Run.State.DONE
    assert ada.spotify.uris(playlist_id)[-3:] == tracks(3, start=300)


# Beside others ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_write_a_slice")
def test_appending_goes_on_where_somebody_changes_the_list(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    run = ada.wants(tracks(300, start=100), playlist_id, mode="append")
    one_slice(run)

    edit(ada, "POST", playlist_id, {"uris": tracks(1, start=999), "position": 0})
    run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    now = [*tracks(1, start=999), *tracks(10), *tracks(300, start=100)]
    assert ada.spotify.uris(playlist_id) == now


@pytest.mark.usefixtures("one_write_a_slice")
@pytest.mark.parametrize("by_hand", ["keep", "overwrite"])
def test_replacing_stores_what_somebody_changed_and_goes_on(ada: Member, by_hand: str) -> None:
    playlist_id = ada.has(tracks(150))
    run = ada.wants(tracks(300, start=1000), playlist_id, by_hand=by_hand)
    until_a_write(run)

    mine = tracks(1, start=999)
    edit(ada, "POST", playlist_id, {"uris": mine, "position": 0})
    run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    kept = mine if by_hand == "keep" else []
    assert ada.spotify.uris(playlist_id) == [*kept, *tracks(300, start=1000)]
    stored = Version.objects.get(cause=Version.Cause.ELSEWHERE)
    assert mine[0] in stored.uris


def old_dates(ada: Member, playlist_id: str, since: set[tuple[str, str]]) -> int:
    items = ada.spotify.playlist(playlist_id)["items"]
    return sum((item["uri"], item["added_at"]) in since for item in items)


@pytest.mark.usefixtures("one_write_a_slice")
def test_a_plan_made_anew_keeps_the_dates_that_the_first_one_promised(ada: Member) -> None:
    dice = random.Random(3)
    wanted = tracks(90)
    playlist_id = ada.has(dice.sample(wanted, 90))
    old = {(item["uri"], item["added_at"]) for item in ada.spotify.playlist(playlist_id)["items"]}
    ada.spotify.advance(days=30)
    clock.move(timedelta(days=30))
    run = ada.wants(wanted, playlist_id)
    for writes_done in range(1, 4):
        while run.cursor < writes_done:
            one_slice(run)
            run.refresh_from_db()
    left = old_dates(ada, playlist_id, old)

    for _ in range(30):
        start, before = dice.randrange(80), dice.randrange(90)
        move = {"range_start": start, "insert_before": before, "range_length": 3}
        edit(ada, "PUT", playlist_id, move)
    run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == wanted
    assert left >= run.report["kept_dates"] > 0
    assert old_dates(ada, playlist_id, old) >= run.report["kept_dates"]


def after_writes(ada: Member, count: int, monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Have ``act`` done right after the run's write number ``count`` was answered."""
    real, seen = http.send, [0]

    def send(method: str, url: str, **values: Any) -> requests.Response:
        answer = real(method, url, **values)
        seen[0] += method != "GET"
        if method != "GET" and seen[0] == count:
            act()
        return answer

    monkeypatch.setattr(http, "send", send)


@pytest.mark.parametrize("by_hand", ["keep", "overwrite"])
def test_replacing_goes_on_where_tracks_are_taken_out_between_two_writes(
    ada: Member, monkeypatch: pytest.MonkeyPatch, by_hand: str
) -> None:
    playlist_id = ada.has(tracks(450))
    wanted = tracks(450, start=1000)

    def take_out() -> None:
        gone = [{"uri": uri} for uri in tracks(5, start=1000)]
        edit(ada, "DELETE", playlist_id, {"items": gone})

    # Right before a removal: Spotify then answers it with the snapshot of a list that we do not
    # know, and refuses what is to come at a position beyond its end.
    after_writes(ada, 2, monkeypatch, take_out)
    run = worked(ada.wants(wanted, playlist_id, by_hand=by_hand))
    for _ in range(3):
        run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == (wanted[5:] if by_hand == "keep" else wanted)


@pytest.mark.usefixtures("one_write_a_slice")
@pytest.mark.parametrize(("mode", "copies"), [("replace", 1), ("append", 2)])
def test_a_track_that_somebody_adds_before_we_do_is_there_as_often_as_it_is_wanted(
    ada: Member, mode: str, copies: int
) -> None:
    playlist_id = ada.has(tracks(10))
    wanted = tracks(300, start=100)
    run = ada.wants(wanted, playlist_id, mode=mode)
    one_slice(run)

    edit(ada, "POST", playlist_id, {"uris": wanted[-1:]})
    for _ in range(3):
        run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    now = ada.spotify.uris(playlist_id)
    assert now.count(wanted[-1]) == copies
    assert len(now) == (300 if mode == "replace" else 311)


def test_appending_goes_on_where_tracks_are_taken_out_between_two_writes(
    ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    playlist_id = ada.has(tracks(50))

    def take_out() -> None:
        edit(ada, "DELETE", playlist_id, {"items": [{"uri": uri} for uri in tracks(5)]})

    after_writes(ada, 2, monkeypatch, take_out)
    run = worked(ada.wants(tracks(300, start=100), playlist_id, mode="append"))
    for _ in range(3):
        run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == tracks(45, start=5) + tracks(300, start=100)


def test_appending_is_done_though_somebody_adds_a_track_after_it(
    ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    playlist_id = ada.has(tracks(10))
    after_writes(
        ada, 2, monkeypatch, lambda: edit(ada, "POST", playlist_id, {"uris": tracks(1, start=999)})
    )
    run = worked(ada.wants(tracks(200, start=100), playlist_id, mode="append"))
    run = ada.later(run, seconds=SETTLED)

    now = [*tracks(10), *tracks(200, start=100), *tracks(1, start=999)]
    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == now
    assert run.after is not None
    assert run.after.uris == now


def test_what_somebody_takes_out_of_what_was_just_added_stays_out(
    ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    playlist_id = ada.has(tracks(10))
    gone = [{"uri": uri} for uri in tracks(3, start=100)]
    after_writes(ada, 2, monkeypatch, lambda: edit(ada, "DELETE", playlist_id, {"items": gone}))
    run = worked(ada.wants(tracks(200, start=100), playlist_id, mode="append"))
    run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == [*tracks(10), *tracks(197, start=103)]


def test_nothing_is_doubled_where_a_lost_call_added_and_somebody_took_some_out(
    ada: Member,
) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(method="POST", path=ITEMS, skip=1, kind="drop", when="after")
    run = worked(ada.wants(tracks(300, start=100), playlist_id, mode="append"))
    edit(ada, "DELETE", playlist_id, {"items": [{"uri": uri} for uri in tracks(3, start=250)]})
    run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    rest = [*tracks(150, start=100), *tracks(147, start=253)]
    assert ada.spotify.uris(playlist_id) == [*tracks(10), *rest]


def test_a_run_is_cancelled_between_two_calls(ada: Member, one_write_a_slice: None) -> None:
    playlist_id = ada.has(tracks(10))
    run = ada.wants(tracks(300, start=100), playlist_id, mode="append")
    claimed = Run.objects.claim(run.pk)
    assert claimed is not None

    ada.browser().post(f"/runs/{run.uuid}/cancel/")
    assert state_of(run) == Run.State.RUNNING  # its worker is told
    run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.CANCELLED
    assert writes(ada) == []


def test_a_run_that_nobody_works_on_is_cancelled_at_once(ada: Member) -> None:
    run = ada.wants(tracks(3), ada.has(tracks(10)))

    ada.browser().post(f"/runs/{run.uuid}/cancel/")

    assert state_of(run) == Run.State.CANCELLED


def lost_a_call_then_met_a_quota(ada: Member) -> Run:
    """Return a run that waits for hours, with a call of which nobody knows what it did."""
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(method="POST", path=ITEMS, kind="drop", when="after")
    run = worked(ada.wants(tracks(300, start=100), playlist_id, mode="append"))
    ada.spotify.fault(path=ITEMS, status=429, text="", headers={"Retry-After": "50400"})
    return ada.later(run, seconds=SETTLED)


def test_a_run_that_waits_for_hours_is_cancelled_at_once(ada: Member) -> None:
    run = lost_a_call_then_met_a_quota(ada)
    assert (run.state, run.unknown_since is None) == (Run.State.WAITING, False)

    ada.browser().post(f"/runs/{run.uuid}/cancel/")

    assert state_of(run) == Run.State.CANCELLED
    clock.move(timedelta(days=1))
    assert Run.objects.get(pk=run.pk).retry()  # what the call did is found out then
    ada.spotify.clear_faults()
    assert worked(run).state == Run.State.DONE
    assert ada.spotify.uris(run.playlist_id) == tracks(10) + tracks(300, start=100)


def test_a_run_is_cancelled_when_no_lost_call_can_land_any_more(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(method="POST", path=ITEMS, kind="drop", when="after")
    run = worked(ada.wants(tracks(300, start=100), playlist_id, mode="append"))
    Run.objects.filter(pk=run.pk).update(not_before=clock.now() + timedelta(hours=14))
    browser = ada.browser()

    browser.post(f"/runs/{run.uuid}/cancel/")

    assert state_of(run) == Run.State.WAITING
    page = browser.get(f"/runs/{run.uuid}/").content.decode()
    assert "Will be cancelled" in page
    assert ">Cancel<" not in page
    assert browser.get(f"/runs/{run.uuid}.json").json()["cancelling"] is True
    assert ada.later(run, seconds=SETTLED).state == Run.State.CANCELLED
    assert browser.get(f"/runs/{run.uuid}.json").json()["cancelling"] is False


def test_a_killed_workers_call_is_waited_for_though_its_run_was_cancelled(ada: Member) -> None:
    run = ada.wants(tracks(300), ada.has(tracks(10)), mode="append")
    killed = Run.objects.claim(run.pk)
    assert killed is not None
    killed.keep(unknown_since=clock.now())
    ada.browser().post(f"/runs/{run.uuid}/cancel/")

    assert ada.later(run, seconds=25).state == Run.State.WAITING  # its lease is over
    assert ada.later(run, seconds=30).state == Run.State.CANCELLED


def test_disconnecting_cancels_and_consent_resumes(ada: Member, one_write_a_slice: None) -> None:
    playlist_id = ada.has(tracks(10))
    run = ada.wants(tracks(300, start=100), playlist_id, mode="append")
    one_slice(run)

    tokens.forget(ada.credential, reason="disconnected")

    run.refresh_from_db()
    assert (run.state, run.code) == (Run.State.CANCELLED, "disconnected")


@pytest.mark.usefixtures("worker")
def test_the_sweep_finds_a_run_whose_message_was_lost(ada: Member) -> None:
    tasks.sweep()
    run = ada.wants(tracks(30, start=100), ada.has(tracks(10)))
    tasks.sweep()
    assert state_of(run) == Run.State.QUEUED
    clock.move(timedelta(seconds=30))

    tasks.sweep()

    assert ended(run).state == Run.State.DONE


@pytest.mark.usefixtures("worker")
def test_the_first_sweep_after_valkey_was_emptied_tells_of_all_that_is_due(ada: Member) -> None:
    tasks.sweep()
    run = ada.wants(tracks(30, start=100), ada.has(tracks(10)))
    caches["default"].clear()

    tasks.sweep()

    assert ended(run).state == Run.State.DONE


@pytest.mark.usefixtures("worker")
def test_a_dead_workers_run_is_taken_over_when_its_lease_ends_not_at_the_next_sweep(
    ada: Member,
) -> None:
    run = ada.wants(tracks(30, start=100), ada.has(tracks(10)))
    assert Run.objects.claim(run.pk) is not None
    clock.move(LEASE - timedelta(seconds=2))

    tasks.sweep()

    assert ended(run).state == Run.State.DONE
    assert Run.objects.get(pk=run.pk).lease_gen == 2


def test_the_sweep_drops_drafts_of_yesterday(ada: Member) -> None:
    fresh = Run.objects.create(user=ada.user, account=ada.account, mode="append", name="x")
    tasks.sweep()
    assert Run.objects.filter(pk=fresh.pk).exists()

    clock.move(timedelta(days=1, seconds=1))
    tasks.sweep()

    assert not Run.objects.filter(pk=fresh.pk).exists()
