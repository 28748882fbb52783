"""The playlist of a recipe is made once, whatever is lost or killed on the way."""

from __future__ import annotations

import pytest

from accounts import scopes
from playlists import dispatch, recipe_rows, tasks
from playlists.models import Recipe, Run
from playlists.recipes import definition
from simulator.control_client import Control
from spotsite import clock
from tests.playlists.cast import Member, tracks, worked
from tests.playlists.recipe_cast import from_template, of, playlist, ran, saved
from tests.processes import Worker, wait_for

SETTLED = 65.0
MAKE = {"method": "POST", "path": "/me/playlists$"}


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Member:
    member = Member.joins(spotify, "ada", scopes=scopes.to_ask((), scopes.EXTRAS))
    member.spotify.load_saved("ada", tracks=tracks(20))
    return member


def made(ada: Member) -> list[str]:
    return [one["id"] for one in ada.spotify.playlists("ada")]


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_next_run_finds_what_a_run_of_unknown_outcome_has_made(ada: Member, when: str) -> None:
    ada.spotify.fault(**MAKE, kind="drop", when=when)
    recipe = from_template(ada, "mirror-likes")
    lost = worked(dispatch.start(recipe))
    assert (lost.state, made(ada) != []) == (Run.State.WAITING, when == "after")
    Run.objects.filter(pk=lost.pk).update(state=Run.State.FAILED, ended_at=clock.now())

    run = ran(recipe)

    assert run.state == Run.State.DONE, run.sentence
    recipe.refresh_from_db()
    assert made(ada) == [run.playlist_id] == [recipe.playlist_id]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_while_it_makes_the_playlist_makes_no_second_one(
    ada: Member, worker: Worker, when: str
) -> None:
    ada.spotify.fault(**MAKE, kind="hang", when=when)
    recipe = from_template(ada, "mirror-likes")
    run = dispatch.start(recipe)
    tasks.nudge(run.pk)
    wait_for(lambda: ada.spotify.faults()[0]["hit"], what="the call to hang")
    worker.kill()

    run = ada.later(run, seconds=SETTLED)

    assert run.state == Run.State.DONE, run.sentence
    recipe.refresh_from_db()
    assert made(ada) == [run.playlist_id] == [recipe.playlist_id]
    assert ada.spotify.uris(run.playlist_id) == tracks(20)


def test_an_old_run_that_is_tried_again_uses_the_playlist_that_a_newer_one_has_made(
    ada: Member,
) -> None:
    more = {"description": "Kept by a recipe"}  # in place of the words by which it would be found
    recipe = saved(ada, of(ada, {"kind": "liked"}, target_more=more))
    old = dispatch.start(recipe)
    old.ask_to_cancel()
    run = ran(recipe)
    assert ada.spotify.playlist(run.playlist_id)["description"] == more["description"]

    old.refresh_from_db()
    assert old.retry()
    old = worked(old)

    assert old.state == Run.State.DONE, old.sentence
    assert made(ada) == [run.playlist_id] == [old.playlist_id]


def test_an_edit_that_does_not_know_of_the_playlist_makes_no_second_one(ada: Member) -> None:
    data = of(ada, {"kind": "liked"}, target_more={"description": "Kept by a recipe"})
    recipe = saved(ada, data)
    run = ran(recipe)
    recipe_rows.save(Recipe.objects.get(), definition.check(data))  # from a page of before

    again = ran(recipe)

    assert again.state == Run.State.DONE, again.sentence
    recipe.refresh_from_db()
    assert made(ada) == [run.playlist_id] == [again.playlist_id] == [recipe.playlist_id]


def test_a_definition_that_turns_invalid_meanwhile_makes_no_second_one(ada: Member) -> None:
    recipe = from_template(ada, "mirror-likes")
    run = dispatch.start(recipe)
    Recipe.objects.update(definition={"version": 99})

    Recipe.objects.bind(recipe.pk, "0" * 22)

    recipe.refresh_from_db()
    assert (recipe.playlist_id, recipe.definition) == ("0" * 22, {"version": 99})
    assert (worked(run).code, made(ada)) == ("recipe_invalid", [])


def test_a_playlist_that_its_owner_took_away_is_made_anew(ada: Member) -> None:
    data = of(ada, {"kind": "liked"})
    recipe = saved(ada, data)
    gone = ran(recipe).playlist_id
    ada.spotify.remove_playlist(gone)
    recipe_rows.save(Recipe.objects.get(), definition.check(data))

    run = ran(recipe)

    assert run.state == Run.State.DONE, run.sentence
    assert made(ada) == [run.playlist_id] != [gone]


def test_somebody_elses_playlist_with_the_same_words_is_not_taken_for_ours(ada: Member) -> None:
    bob = Member.joins(ada.spotify, "bob")
    recipe = from_template(ada, "mirror-likes")
    first = dispatch.start(recipe)
    theirs = bob.has(
        tracks(3), description=first.mark, collaborative=True, collaborators=["ada"], public=False
    )
    first.ask_to_cancel()

    run = ran(recipe)

    assert run.state == Run.State.DONE, run.sentence
    assert run.playlist_id != theirs


def test_a_made_playlist_at_which_another_run_is_at_work_is_waited_for(ada: Member) -> None:
    ada.spotify.fault(**MAKE, kind="drop", when="after")
    recipe = from_template(ada, "mirror-likes")
    run = worked(dispatch.start(recipe))
    (there,) = made(ada)
    other = ada.wants(tracks(3, start=90), there, mode="append")

    run = ada.later(run, seconds=SETTLED)
    assert (run.state, run.code) == (Run.State.WAITING, "target_busy")
    other.ask_to_cancel()

    run = ada.later(run, seconds=SETTLED)
    assert run.state == Run.State.DONE, run.sentence
    assert made(ada) == [there] == [run.playlist_id]


def test_a_made_playlist_that_another_recipe_keeps_by_now_is_left_to_it(ada: Member) -> None:
    ada.spotify.fault(**MAKE, kind="drop", when="after")
    run = worked(dispatch.start(from_template(ada, "mirror-likes")))
    (there,) = made(ada)
    saved(ada, of(ada, playlist(ada.has(tracks(3))), target=there))

    run = ada.later(run, seconds=SETTLED)

    assert (run.state, run.code) == (Run.State.FAILED, "target_taken")
    assert ada.spotify.uris(there) == []


def test_a_run_whose_recipe_is_gone_makes_no_playlist(ada: Member) -> None:
    ada.spotify.fault(**MAKE, kind="drop", when="after")
    recipe = from_template(ada, "mirror-likes")
    run = worked(dispatch.start(recipe))
    recipe_rows.delete(recipe)
    run = ada.later(run, seconds=SETTLED)
    assert run.state == Run.State.CANCELLED

    assert run.retry()
    run = worked(run)

    assert (run.state, run.code) == (Run.State.FAILED, "recipe_gone")
    assert len(made(ada)) == 1
