"""A held run that goes on: what became of the playlist while it waited for a person's word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from playlists import dispatch
from playlists.models import Run, Version
from playlists.push import Pace
from spotsite import clock
from tests.playlists.cast import Member, edit, one_slice, tracks, until_a_write, worked
from tests.playlists.recipe_cast import approved, of, playlist, saved
from tests.playlists.test_push_by_hand import NOT_APPROVED

SETTLED = 60
ITEMS = r"/playlists/[^/]+/items$"
THEIRS, WANTED = tracks(90), tracks(400, start=1000)

pytestmark = pytest.mark.usefixtures("one_write_a_slice")


def passes(ada: Member, *, seconds: float = SETTLED) -> None:
    clock.move(timedelta(seconds=seconds))
    ada.spotify.advance(seconds=seconds)


def held_midway(ada: Member, playlist_id: str) -> Run:
    """Have a run held after it has written: another program has undone its work twice."""
    run = ada.wants(WANTED, playlist_id)
    for quarrels in (1, 2):
        until_a_write(run)
        one_slice(run)
        edit(ada, "PUT", playlist_id, {"uris": THEIRS})
        passes(ada)
        one_slice(run)
        run.refresh_from_db()
        while run.quarrels < quarrels and one_slice(run) is Pace.NOW:
            run.refresh_from_db()
    run.refresh_from_db()
    assert (run.state, run.code, run.is_planned) == (Run.State.HELD, "quarrel", True)
    return run


def goes_on(run: Run) -> Run:
    """Approve, and once more where more would go than was shown."""
    run = approved(run)
    return approved(run) if run.state == Run.State.HELD else run


@pytest.mark.parametrize("meanwhile", [0, SETTLED], ids=["at-once", "later"])
def test_what_another_run_did_while_one_was_held_is_nobodys_hand(
    ada: Member, meanwhile: float
) -> None:
    playlist_id = ada.has(THEIRS)
    run = held_midway(ada, playlist_id)
    other = [*tracks(20, start=600), *WANTED[5:9]]
    assert worked(ada.wants(other, playlist_id)).state == Run.State.DONE
    passes(ada, seconds=meanwhile)

    run = goes_on(run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == WANTED
    assert not Version.objects.filter(
        cause=Version.Cause.ELSEWHERE, pk__gt=Run.objects.latest("pk").after_id
    )


def test_what_a_run_whose_answer_was_lost_did_meanwhile_is_nobodys_hand(ada: Member) -> None:
    playlist_id = ada.has(THEIRS)
    run = held_midway(ada, playlist_id)
    ada.spotify.fault(method="PUT", path=ITEMS, kind="drop", when="after")
    other = ada.wants(tracks(20, start=600), playlist_id, dates=Run.Dates.CHEAPEST)
    worked(other)
    other.refresh_from_db()
    assert (other.last_write_at, other.unknown_since is None) == (None, False)
    passes(ada)
    Run.objects.get(pk=other.pk).ask_to_cancel()
    assert ada.spotify.uris(playlist_id) == tracks(20, start=600)

    run = goes_on(run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == WANTED


def test_a_lost_call_that_has_landed_beside_a_hand_counts_as_a_write(ada: Member) -> None:
    playlist_id = ada.has(THEIRS)
    run = held_midway(ada, playlist_id)
    ada.spotify.fault(method="POST", path=ITEMS, kind="drop", when="after")
    other = worked(ada.wants(tracks(5, start=600), playlist_id, mode="append"))
    assert other.unknown_since is not None
    edit(ada, "POST", playlist_id, {"uris": tracks(1, start=900), "position": 0})
    other = ada.later(other, seconds=SETTLED)
    assert other.state == Run.State.DONE, other.sentence
    assert other.before is not None
    assert other.before.uris == THEIRS

    run = goes_on(run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == [*tracks(1, start=900), *WANTED]


def test_the_list_is_looked_at_before_a_held_run_goes_on(ada: Member) -> None:
    playlist_id = ada.has(THEIRS)
    run = held_midway(ada, playlist_id)
    seen = len(ada.spotify.log())

    assert run.approve()
    one_slice(run)

    assert ada.spotify.log()[seen]["method"] == "GET"


def test_a_held_run_that_was_dismissed_and_is_tried_again_knows_of_the_run_between(
    ada: Member,
) -> None:
    playlist_id = ada.has(THEIRS)
    run = held_midway(ada, playlist_id)
    assert worked(ada.wants(tracks(20, start=600), playlist_id)).state == Run.State.DONE
    passes(ada)

    assert run.dismiss()
    run.refresh_from_db()
    assert run.retry()
    run = worked(run)
    run = goes_on(run) if run.state == Run.State.HELD else run

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == WANTED


def test_the_list_before_a_run_is_the_newest_one_before_its_first_write(ada: Member) -> None:
    playlist_id = ada.has(tracks(20))
    run = worked(ada.wants(tracks(12, start=15), playlist_id, **NOT_APPROVED))
    assert (run.state, run.is_planned) == (Run.State.HELD, False)
    assert run.before is not None
    assert run.before.uris == tracks(20)
    mine = tracks(4, start=20)
    edit(ada, "POST", playlist_id, {"uris": mine})
    passes(ada)

    run = approved(run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == tracks(12, start=15)
    assert run.before is not None
    assert run.before.uris == tracks(24)
    assert (run.report["kept"], run.report["added"], run.report["removed"]) == (9, 3, 15)


def test_a_change_by_hand_before_the_first_write_is_in_the_list_before_the_run(
    ada: Member,
) -> None:
    playlist_id = ada.has(tracks(20))
    ada.spotify.fault(method="POST", path=ITEMS, status=429, headers={"Retry-After": "50"})
    run = worked(ada.wants(tracks(12, start=100), playlist_id, mode="append"))
    assert (run.is_planned, run.last_write_at) == (True, None)
    edit(ada, "POST", playlist_id, {"uris": tracks(4, start=200), "position": 0})

    run = ada.later(run, seconds=SETTLED)
    run = ada.later(run, seconds=SETTLED) if run.is_active else run

    assert run.state == Run.State.DONE, run.sentence
    changed = [*tracks(4, start=200), *tracks(20)]
    assert ada.spotify.uris(playlist_id) == [*changed, *tracks(12, start=100)]
    assert (run.report["kept"], run.report["added"], run.report["removed"]) == (24, 12, 0)


def test_the_list_before_a_run_stays_the_first_once_it_has_written(ada: Member) -> None:
    playlist_id = ada.has(THEIRS)
    run = ada.wants(WANTED, playlist_id)
    until_a_write(run)
    run.ask_to_cancel()
    worked(run)
    passes(ada)
    assert worked(ada.wants(tracks(200, start=600), playlist_id)).state == Run.State.DONE
    passes(ada)
    Run.objects.filter(pk=run.pk).update(approved={})
    run.refresh_from_db()

    assert run.retry()
    run = worked(run)
    assert (run.state, run.is_planned) == (Run.State.HELD, False)
    edit(ada, "POST", playlist_id, {"uris": tracks(1, start=900)})
    passes(ada)
    run = goes_on(run)

    assert run.state == Run.State.DONE, run.sentence
    assert run.before is not None
    assert run.before.uris == THEIRS


def test_a_second_click_finds_the_run_queued(ada: Member) -> None:
    playlist_id = ada.has(THEIRS)
    run = held_midway(ada, playlist_id)
    browser = ada.browser()

    for word in ("approve", "approve", "retry"):
        assert browser.post(f"/runs/{run.uuid}/{word}/").status_code == 302

    assert worked(run).state == Run.State.DONE


def test_a_hiccup_after_days_of_waiting_for_a_word_does_not_end_the_run(ada: Member) -> None:
    playlist_id = ada.has(THEIRS)
    run = held_midway(ada, playlist_id)
    passes(ada, seconds=3 * 86_400)
    ada.spotify.fault(method="GET", path=r"/playlists/[^/]+", status=502, text="<html>")

    run = approved(run)
    assert run.state == Run.State.WAITING, run.sentence
    for _ in range(3):
        run = ada.later(run, seconds=SETTLED) if run.is_active else run

    assert run.state == Run.State.DONE, run.sentence


def test_a_run_that_comes_back_to_the_list_before_it_stores_the_dates_as_they_are_now(
    ada: Member,
) -> None:
    source, playlist_id = ada.has(WANTED), ada.has(THEIRS)
    recipe = saved(ada, of(ada, playlist(source), target=playlist_id))
    run = worked(dispatch.start(recipe))
    assert run.approve()
    until_a_write(run)
    assert run.cursor == 1
    run.ask_to_cancel()
    worked(run)
    passes(ada)
    assert worked(ada.wants(THEIRS, playlist_id)).state == Run.State.DONE
    edit(ada, "PUT", source, {"uris": THEIRS})
    passes(ada)

    run.refresh_from_db()
    assert run.retry()
    run = worked(run)

    assert run.state == Run.State.DONE, run.sentence
    assert run.before is not None
    assert run.after is not None
    assert run.before.uris == run.after.uris == THEIRS
    items = ada.spotify.playlist(playlist_id)["items"]
    assert [item.added_at for item in run.after.items] == [item["added_at"] for item in items]
