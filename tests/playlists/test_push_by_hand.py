"""What people did to a playlist by hand, what other programs undo, and what a run asks first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from playlists.models import Ledger, Run, Version
from playlists.push import Pace
from spotsite import clock
from tests.playlists.cast import (
    Member,
    edit,
    one_slice,
    tracks,
    until_a_write,
    worked,
    writes,
)

SETTLED = 60
NOT_APPROVED: dict[str, Any] = {"report": {}}


def reads(ada: Member) -> list[str]:
    return [row["path"] for row in ada.spotify.log() if row["method"] == "GET"]


def taken_out(ada: Member, playlist_id: str, *uris: str) -> None:
    edit(ada, "DELETE", playlist_id, {"items": [{"uri": uri} for uri in uris]})


def put(ada: Member, uris: list[str], playlist_id: str, **values: Any) -> Run:
    """Have a run made; what comes next comes when its last write shows everywhere."""
    run = worked(ada.wants(uris, playlist_id, **values))
    assert run.state == Run.State.DONE, run.sentence
    clock.move(timedelta(seconds=SETTLED))
    ada.spotify.advance(seconds=SETTLED)
    return run


def dates(ada: Member, playlist_id: str) -> dict[str, str]:
    items = ada.spotify.playlist(playlist_id)["items"]
    uris = ada.spotify.uris(playlist_id)
    return {uri: item["added_at"] for uri, item in zip(uris, items, strict=True)}


def test_tracks_that_stay_keep_their_dates_though_their_order_changes(ada: Member) -> None:
    old = tracks(60)
    playlist_id = ada.has(old)
    before = dates(ada, playlist_id)
    ada.spotify.advance(seconds=3600)
    wanted = [*old[40:], *tracks(4, start=500), *old[:38]]

    run = put(ada, wanted, playlist_id)

    assert ada.spotify.uris(playlist_id) == wanted
    after = dates(ada, playlist_id)
    assert {uri: after[uri] for uri in old if uri in wanted} == {
        uri: before[uri] for uri in old if uri in wanted
    }
    assert run.report["kept_dates"] == 58
    assert run.report["moves"] == 1
    changes = [row for row in writes(ada) if row["path"].endswith("/items")]
    assert len(changes) == run.report["calls"] == 3


# By hand ------------------------------------------------------------------------------------------


def test_a_track_added_by_hand_stays_after_the_one_that_it_followed(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    put(ada, tracks(50, start=100), playlist_id)
    mine = tracks(2, start=900)
    edit(ada, "POST", playlist_id, {"uris": mine, "position": 10})

    put(ada, [*tracks(20, start=200), *tracks(50, start=100)], playlist_id)

    wanted = [*tracks(20, start=200), *tracks(10, start=100), *mine, *tracks(40, start=110)]
    assert ada.spotify.uris(playlist_id) == wanted


def test_a_track_taken_out_by_hand_stays_out_and_is_put_back_when_asked(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    wanted = tracks(50, start=100)
    put(ada, wanted, playlist_id)
    taken_out(ada, playlist_id, *wanted[7:9])

    run = put(ada, [*wanted, *tracks(5, start=300)], playlist_id)
    without = [*wanted[:7], *wanted[9:], *tracks(5, start=300)]
    assert ada.spotify.uris(playlist_id) == without
    assert run.report["left_out"] == wanted[7:9]
    assert run.done == run.total == 53
    browser = ada.browser()
    page = browser.get(f"/runs/{run.uuid}/").content.decode()
    assert "Taken out by hand" in page
    assert "Put back" in page

    browser.post(f"/runs/{run.uuid}/put-back/")
    back = worked(Run.objects.get(kind=Run.Kind.PUT_BACK))

    assert back.state == Run.State.DONE, back.sentence
    assert ada.spotify.uris(playlist_id) == [*wanted, *tracks(5, start=300)]
    ledger = Ledger.objects.get(pk=playlist_id)
    assert ledger.taken_out == []
    browser.post(f"/runs/{run.uuid}/put-back/")  # a second time: nothing is out any more
    assert Run.objects.filter(kind=Run.Kind.PUT_BACK).count() == 1
    assert "Put back" not in browser.get(f"/runs/{run.uuid}/").content.decode()
    # From now on they are ours again: a list without them takes them out.
    put(ada, without, playlist_id)
    assert ada.spotify.uris(playlist_id) == without


def test_overwriting_takes_out_what_was_added_and_puts_back_what_was_taken_out(
    ada: Member,
) -> None:
    playlist_id = ada.has(tracks(10))
    wanted = tracks(50, start=100)
    put(ada, wanted, playlist_id)
    taken_out(ada, playlist_id, wanted[3])
    edit(ada, "POST", playlist_id, {"uris": tracks(1, start=900), "position": 0})

    put(ada, wanted, playlist_id, by_hand=Run.ByHand.OVERWRITE)

    assert ada.spotify.uris(playlist_id) == wanted
    assert Ledger.objects.get(pk=playlist_id).taken_out == []


@pytest.mark.parametrize("adds_between", [False, True], ids=["at once", "after an addition"])
def test_what_a_run_that_failed_has_added_is_not_taken_for_somebodys_own(
    ada: Member, one_write_a_slice: None, adds_between: bool
) -> None:
    playlist_id = ada.has(tracks(10))
    put(ada, tracks(10), playlist_id)
    run = ada.wants(tracks(350, start=100), playlist_id)
    one_slice(run)
    one_slice(run)
    ada.browser().post(f"/runs/{run.uuid}/cancel/")
    if adds_between:
        put(ada, tracks(5, start=600), playlist_id, mode="append")

    put(ada, tracks(20, start=700), playlist_id)

    assert ada.spotify.uris(playlist_id) == tracks(20, start=700)


def test_what_a_first_run_that_failed_left_of_the_old_list_is_not_somebodys_own(
    ada: Member, one_write_a_slice: None
) -> None:
    playlist_id = ada.has(tracks(150))
    run = ada.wants(tracks(400, start=1000), playlist_id)
    one_slice(run)
    ada.browser().post(f"/runs/{run.uuid}/cancel/")
    assert set(tracks(150)) & set(ada.spotify.uris(playlist_id))

    put(ada, tracks(20, start=700), playlist_id)

    assert ada.spotify.uris(playlist_id) == tracks(20, start=700)


def test_a_track_that_somebody_took_out_and_put_in_again_is_there_once(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    wanted = tracks(30, start=100)
    put(ada, wanted, playlist_id)
    taken_out(ada, playlist_id, wanted[5])
    put(ada, wanted, playlist_id)
    edit(ada, "POST", playlist_id, {"uris": [wanted[5]], "position": 0})

    run = put(ada, wanted, playlist_id)

    assert ada.spotify.uris(playlist_id) == wanted
    assert run.report["left_out"] == []


def test_a_track_added_by_hand_that_is_wanted_later_is_there_once(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    put(ada, tracks(30, start=100), playlist_id)
    edit(ada, "POST", playlist_id, {"uris": tracks(1, start=900), "position": 5})

    wanted = [*tracks(1, start=900), *tracks(30, start=100)]
    put(ada, wanted, playlist_id)
    assert ada.spotify.uris(playlist_id) == wanted

    put(ada, tracks(30, start=100), playlist_id)  # it is ours by now
    assert ada.spotify.uris(playlist_id) == tracks(30, start=100)


# Quarrels -----------------------------------------------------------------------------------------


def undo(ada: Member, playlist_id: str, uris: list[str]) -> None:
    """Put the list back, as another program does that has its own idea of it."""
    edit(ada, "PUT", playlist_id, {"uris": uris})


def test_a_program_that_undoes_our_work_is_overruled_once_and_not_fought_twice(
    ada: Member,
) -> None:
    theirs, wanted = tracks(40), tracks(60, start=100)
    playlist_id = ada.has(theirs)
    put(ada, wanted, playlist_id)

    undo(ada, playlist_id, theirs)
    put(ada, wanted, playlist_id)
    assert ada.spotify.uris(playlist_id) == wanted

    undo(ada, playlist_id, theirs)
    run = worked(ada.wants(wanted, playlist_id, **NOT_APPROVED))
    assert (run.state, run.code) == (Run.State.HELD, "shrinks")
    assert "changing the playlist back" in run.sentence
    assert ada.spotify.uris(playlist_id) == theirs

    ada.browser().post(f"/runs/{run.uuid}/approve/")
    assert worked(run).state == Run.State.DONE
    assert ada.spotify.uris(playlist_id) == wanted


@pytest.mark.usefixtures("one_write_a_slice")
def test_a_quarrel_in_the_middle_of_a_run_is_held_the_second_time(ada: Member) -> None:
    theirs, wanted = tracks(90), tracks(400, start=1000)
    playlist_id = ada.has(theirs)
    run = ada.wants(wanted, playlist_id)

    for quarrels in (1, 2):
        until_a_write(run)
        one_slice(run)
        undo(ada, playlist_id, theirs)
        one_slice_later(ada, run)
        while run.quarrels < quarrels and one_slice(run) is Pace.NOW:
            run.refresh_from_db()  # a long list is read in more than one

    run.refresh_from_db()
    assert (run.state, run.code) == (Run.State.HELD, "quarrel")
    assert ada.spotify.uris(playlist_id) == theirs
    ada.browser().post(f"/runs/{run.uuid}/approve/")
    assert worked(run).state == Run.State.DONE
    assert ada.spotify.uris(playlist_id) == wanted


def one_slice_later(ada: Member, run: Run) -> None:
    clock.move(timedelta(seconds=SETTLED))
    ada.spotify.advance(seconds=SETTLED)
    one_slice(run)


# Guards -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "values", "code"),
    [
        ([], {}, "empty"),
        (tracks(9), {}, "shrinks"),
        (tracks(25), {"partial": True}, "partial"),
    ],
    ids=["empty", "shrinks", "partial"],
)
def test_a_run_that_would_lose_too_much_is_held_and_goes_on_when_approved(
    ada: Member, wanted: list[str], values: dict[str, Any], code: str
) -> None:
    playlist_id = ada.has(tracks(20))

    run = worked(ada.wants(wanted, playlist_id, **NOT_APPROVED, **values))
    assert (run.state, run.code) == (Run.State.HELD, code)
    assert writes(ada) == []
    assert run.before is not None
    browser = ada.browser()
    assert "Approve and go on" in browser.get(f"/runs/{run.uuid}/").content.decode()

    browser.post(f"/runs/{run.uuid}/approve/")
    run = worked(run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == wanted


def test_episodes_are_not_taken_out_without_asking(ada: Member) -> None:
    episode = "spotify:episode:" + "7" * 22
    ada.spotify.change_catalogue(episodes=[{"id": "7" * 22, "title": "One", "show": "Talk"}])
    playlist_id = ada.has([*tracks(20), episode])

    run = worked(ada.wants(tracks(20), playlist_id, **NOT_APPROVED))

    assert (run.state, run.code) == (Run.State.HELD, "episodes")
    assert ada.spotify.uris(playlist_id) == [*tracks(20), episode]


def test_a_run_that_would_cost_too_many_calls_is_held(ada: Member, settings: Any) -> None:
    settings.GUARD_CALLS = 3
    playlist_id = ada.has(tracks(20))

    run = worked(ada.wants(tracks(400, start=10), playlist_id, **NOT_APPROVED))

    assert (run.state, run.code) == (Run.State.HELD, "costly")
    assert "4 changes" in run.sentence or "5 changes" in run.sentence


def test_an_approval_counts_only_as_far_as_was_shown(ada: Member) -> None:
    playlist_id = ada.has(tracks(20))
    run = worked(ada.wants(tracks(5), playlist_id, **NOT_APPROVED))
    assert (run.state, run.tripped) == (Run.State.HELD, {"shrinks": 15})
    edit(ada, "POST", playlist_id, {"uris": tracks(8, start=300)})

    ada.browser().post(f"/runs/{run.uuid}/approve/")
    run = worked(run)

    assert (run.state, run.tripped) == (Run.State.HELD, {"shrinks": 23})
    assert writes(ada)[1:] == []


def test_a_held_run_that_is_not_wanted_leaves_the_playlist_as_it_is(ada: Member) -> None:
    playlist_id = ada.has(tracks(20))
    run = worked(ada.wants([], playlist_id, **NOT_APPROVED))

    ada.browser().post(f"/runs/{run.uuid}/cancel/")

    run.refresh_from_db()
    assert run.state == Run.State.CANCELLED
    assert worked(run).state == Run.State.CANCELLED
    assert ada.spotify.uris(playlist_id) == tracks(20)


def test_starting_from_the_preview_approves_what_it_warned_of(ada: Member) -> None:
    playlist_id = ada.has(tracks(20))
    browser = ada.browser()
    form = {"list": "\n".join(tracks(3, start=100)), "playlist": playlist_id, "mode": "replace"}
    answer = browser.post("/playlists/put/", form)
    page = browser.get(answer.headers["Location"]).content.decode()
    assert "20 items would be taken out" in page
    assert "Start all the same" in page

    browser.post(answer.headers["Location"])
    run = worked(Run.objects.get())

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == tracks(3, start=100)


# Few calls ----------------------------------------------------------------------------------------


def test_a_list_that_has_not_changed_since_costs_one_read_and_no_write(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    put(ada, tracks(150, start=100), playlist_id)
    ada.spotify.advance(seconds=60)  # the snapshot shows by now
    before = len(ada.spotify.log())

    run = put(ada, tracks(150, start=100), playlist_id)

    calls = ada.spotify.log()[before:]
    assert [row["method"] for row in calls] == ["GET"]
    assert run.calls_used == 1
    assert Version.objects.count() == 2


def test_adding_to_a_list_that_is_known_reads_it_only_afterwards(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    put(ada, tracks(150, start=100), playlist_id)
    ada.spotify.advance(seconds=60)
    before = len(ada.spotify.log())

    put(ada, tracks(30, start=500), playlist_id, mode="append")

    methods = [row["method"] for row in ada.spotify.log()[before:]]
    assert methods == ["GET", "POST", "GET", "GET", "GET", "GET"]


def test_slices_that_follow_each_other_do_not_read_in_between(
    ada: Member, one_write_a_slice: None
) -> None:
    playlist_id = ada.has(tracks(10))

    put(ada, tracks(400, start=100), playlist_id, mode="append")

    # The playlist, the list before, and the list after.
    assert len(reads(ada)) == 1 + 1 + 9


# What Spotify does not take -----------------------------------------------------------------------


def test_a_track_that_spotify_fails_on_is_found_and_left_out(ada: Member) -> None:
    dead = tracks(1, start=107)[0]
    ada.spotify.change_catalogue(dead=[dead])
    ada.spotify.switch(unknown_track="502")
    playlist_id = ada.has(tracks(10))
    wanted = tracks(16, start=100)

    run = worked(ada.wants(wanted, playlist_id, mode="append"))
    for _ in range(40):
        if not run.is_active:
            break
        run = ada.later(run, seconds=120)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == [*tracks(10), *[u for u in wanted if u != dead]]
    assert run.report["dead"] == [dead]
    assert dead in run.sentence
    assert (run.done, run.total) == (15, 16)


def test_an_outage_of_writes_costs_no_track(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    ada.spotify.fault(method="POST", path="/items$", status=502, text="<html>", times=None)
    run = worked(ada.wants(tracks(8, start=100), playlist_id, mode="append"))
    for _ in range(12):
        run = ada.later(run, seconds=120)
    ada.spotify.clear_faults()
    for _ in range(8):
        run = ada.later(run, seconds=900)
    if run.state == Run.State.FAILED:
        assert run.retry()
        run = worked(run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == [*tracks(10), *tracks(8, start=100)]
