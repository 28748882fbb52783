"""Recipes at work: from sources at Spotify to the list in the playlist."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import scopes, tokens
from playlists import dispatch, gather, recipe_rows, tasks
from playlists.models import Reading, Recipe, Run, TargetTaken, Version
from playlists.recipes import definition
from playlists.recipes.definition import NotADefinition
from simulator.control_client import Control
from spotsite import clock
from tests.playlists.cast import Member, edit, said, tracks, worked, writes
from tests.playlists.recipe_cast import approved, from_template, of, playlist, ran, reads, saved

DAY = timedelta(days=1)


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Member:
    return Member.joins(spotify, "ada", scopes=scopes.to_ask((), scopes.EXTRAS))


def test_likes_are_mirrored_into_a_playlist_that_is_made_once(ada: Member) -> None:
    ada.spotify.load_saved("ada", tracks=tracks(230))
    recipe = from_template(ada, "mirror-likes")

    run = ran(recipe)

    assert run.state == Run.State.DONE, run.sentence
    recipe.refresh_from_db()
    assert ada.spotify.uris(recipe.playlist_id) == tracks(230)
    again = ran(recipe)
    assert (again.state, again.playlist_id) == (Run.State.DONE, recipe.playlist_id)
    assert len(ada.spotify.playlists("ada")) == 1


def test_nothing_changed_takes_two_reads_and_no_write(ada: Member) -> None:
    ada.spotify.load_saved("ada", tracks=tracks(230))
    source = ada.has(tracks(120, start=500))
    likes, copy = (
        from_template(ada, "mirror-likes"),
        from_template(ada, "clean-copy", source=source),
    )
    for recipe in (likes, copy):
        assert ran(recipe).state == Run.State.DONE

    for recipe in (likes, copy):
        ada.spotify.clear_log()
        run = ran(recipe)
        assert run.state == Run.State.DONE, run.sentence
        assert (len(reads(ada)), writes(ada)) == (2, []), reads(ada)
        assert gather.quiet_calls(definition.check(recipe.definition)) == 2


def test_what_is_new_in_a_source_is_added_and_dates_stay(ada: Member) -> None:
    ada.spotify.load_saved("ada", tracks=tracks(230))
    recipe = from_template(ada, "mirror-likes")
    ran(recipe)
    recipe.refresh_from_db()
    dates = [item["added_at"] for item in ada.spotify.playlist(recipe.playlist_id)["items"]]
    ada.spotify.advance(days=1)
    ada.spotify.load_saved("ada", save=tracks(5, start=900))
    ada.spotify.clear_log()

    run = ran(recipe)

    assert run.state == Run.State.DONE, run.sentence
    after = ada.spotify.playlist(recipe.playlist_id)
    assert sorted(after["uris"][:5]) == tracks(5, start=900)
    assert after["uris"][5:] == tracks(230)
    assert [item["added_at"] for item in after["items"]][5:] == dates
    assert [row["path"] for row in writes(ada)].count(f"/v1/playlists/{run.playlist_id}/items") == 1


def test_a_long_source_is_read_over_several_slices_and_each_page_once(
    ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playlists.push.SLICE_SECONDS", 0.0)
    source = ada.has(tracks(230))
    recipe = saved(ada, of(ada, playlist(source)))
    run = dispatch.start(recipe)
    ada.spotify.clear_log()

    run = worked(run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(run.playlist_id) == tracks(230)
    assert reads(ada).count(f"/v1/playlists/{source}/items") == 5


def test_a_source_that_changed_between_two_slices_is_read_anew(
    ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playlists.push.SLICE_SECONDS", 0.0)
    source = ada.has(tracks(230))
    recipe = saved(ada, of(ada, playlist(source)))
    run = dispatch.start(recipe)
    tasks.work_on(run.pk)
    tasks.work_on(run.pk)
    assert 0 < Reading.objects.get().offset < 230

    edit(ada, "DELETE", source, {"items": [{"uri": uri} for uri in tracks(30)]})
    run = worked(run)
    assert (run.state, run.code) == (Run.State.WAITING, "changing")
    run = ada.later(run, seconds=30)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(run.playlist_id) == tracks(200, start=30)


def test_a_source_that_cannot_be_read_ends_the_run_or_is_skipped_as_was_chosen(
    ada: Member,
) -> None:
    bob = Member.joins(ada.spotify, "bob")
    foreign = bob.has(tracks(20))
    mine = ada.has(tracks(30, start=100))
    failing = saved(ada, of(ada, playlist(mine), playlist(foreign)))
    skipping = saved(ada, of(ada, playlist(mine), playlist(foreign, if_unreadable="skip")))

    run = ran(failing)
    assert (run.state, run.code) == (Run.State.FAILED, "source_unreadable")
    assert "Source 2 cannot be read" in run.sentence
    assert run.playlist_id == ""

    run = ran(skipping)
    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(run.playlist_id) == tracks(30, start=100)
    assert "Source 2 cannot be read" in run.report["skipped"][0]


def test_a_list_that_a_rule_asks_about_and_nobody_can_read_holds_the_run(ada: Member) -> None:
    bob = Member.joins(ada.spotify, "bob")
    foreign = bob.has(tracks(20))
    mine = ada.has(tracks(30))
    rule = {"kind": "drop", "when": {"kind": "in_playlist", "playlists": [foreign]}}
    target = ada.has(tracks(30))

    run = ran(saved(ada, of(ada, playlist(mine), target=target, rules=[rule])))
    assert run.state == Run.State.DONE  # nothing would change, so there is nothing to ask

    edit(ada, "POST", mine, {"uris": tracks(1, start=900)})
    run = ran(Recipe.objects.get())
    assert (run.state, run.code) == (Run.State.HELD, "partial")


def test_an_archive_adds_what_is_new_and_never_what_somebody_took_out(ada: Member) -> None:
    source = ada.has(tracks(30))
    recipe = from_template(ada, "archive", source=source, weeks=0)
    target = ran(recipe).playlist_id
    edit(ada, "DELETE", target, {"items": [{"uri": tracks(1)[0]}]})
    edit(ada, "DELETE", source, {"items": [{"uri": uri} for uri in tracks(10, start=10)]})
    edit(ada, "POST", source, {"uris": tracks(5, start=100)})
    clock.move(timedelta(minutes=1))  # what is read is not taken for an old state any more
    ada.spotify.advance(seconds=60)

    run = ran(recipe)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(target) == tracks(29, start=1) + tracks(5, start=100)


@pytest.mark.parametrize("mode", ["add_missing", "append"])
def test_adding_to_a_playlist_leaves_what_was_there_to_its_owner(ada: Member, mode: str) -> None:
    source, target = ada.has(tracks(5)), ada.has(tracks(4, start=3) + tracks(3, start=50))
    recipe = saved(ada, of(ada, playlist(source), target=target, mode=mode))

    run = ran(recipe)
    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(target) == tracks(4, start=3) + tracks(3, start=50) + tracks(3)
    ada.spotify.clear_log()
    assert ran(recipe).state == Run.State.DONE
    assert writes(ada) == []


def test_prepending_puts_what_is_new_on_top(ada: Member) -> None:
    source, target = ada.has(tracks(3)), ada.has(tracks(4, start=50))
    recipe = saved(ada, of(ada, playlist(source), target=target, mode="prepend"))
    ran(recipe)
    assert ada.spotify.uris(target) == tracks(3) + tracks(4, start=50)

    edit(ada, "POST", source, {"uris": tracks(2, start=90)})
    assert ran(recipe).state == Run.State.DONE
    assert ada.spotify.uris(target) == tracks(2, start=90) + tracks(3) + tracks(4, start=50)


def test_a_rolling_window_lets_the_oldest_go(ada: Member) -> None:
    source = ada.has(tracks(6))
    window = {"count": 6}
    recipe = saved(ada, of(ada, playlist(source), mode="rolling", window=window))
    target = ran(recipe).playlist_id
    ada.spotify.advance(days=1)
    edit(ada, "DELETE", source, {"items": [{"uri": uri} for uri in tracks(6)]})
    edit(ada, "POST", source, {"uris": tracks(2, start=60)})

    run = ran(recipe)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(target) == tracks(4, start=2) + tracks(2, start=60)


def test_a_preview_writes_nothing_and_starts_what_it_showed(ada: Member) -> None:
    source, target = ada.has(tracks(30)), ada.has(tracks(10, start=25))
    recipe = saved(ada, of(ada, playlist(source), target=target))

    dry = worked(dispatch.start(recipe, dry=True))

    assert dry.state == Run.State.DRAFT, dry.sentence
    facts = {name: dry.report[name] for name in ("kept", "added", "removed", "looked")}
    assert facts == {"kept": 5, "added": 25, "removed": 5, "looked": True}
    assert writes(ada) == []
    assert not Version.objects.exists()

    assert dry.start()
    run = worked(dry)
    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(target) == tracks(30)


def test_a_mirror_that_would_lose_more_than_its_guard_allows_is_held(ada: Member) -> None:
    source = ada.has(tracks(30))
    recipe = saved(ada, of(ada, playlist(source), target_more={"guards": {"share": 10}}))
    target = ran(recipe).playlist_id
    edit(ada, "DELETE", source, {"items": [{"uri": uri} for uri in tracks(6)]})

    run = ran(recipe)

    assert (run.state, run.code) == (Run.State.HELD, "shrinks")
    assert "more than 10 %" in run.sentence
    assert approved(run).state == Run.State.DONE
    assert ada.spotify.uris(target) == tracks(24, start=6)


def test_what_is_due_is_started_once_and_again_the_next_day(ada: Member) -> None:
    source = ada.has(tracks(5))
    schedule = {"entries": [{"kind": "daily", "at": "05:00"}], "time_zone": "Europe/Berlin"}
    recipe = saved(ada, of(ada, playlist(source), schedule=schedule))
    assert recipe.next_run_at is not None
    assert clock.now() < recipe.next_run_at <= clock.now() + DAY + timedelta(minutes=10)
    assert dispatch.start_due().started == []

    clock.move(DAY + timedelta(minutes=11))
    (run,) = dispatch.start_due().started
    assert dispatch.start_due().started == []
    assert worked(run).state == Run.State.DONE

    clock.move(DAY)
    assert len(dispatch.start_due().started) == 1


def test_a_recipe_whose_run_is_not_over_waits_for_it(ada: Member) -> None:
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(5)))))
    dispatch.start(recipe)

    with pytest.raises(dispatch.Busy):
        dispatch.start(recipe)

    Recipe.objects.update(next_run_at=clock.now())
    assert dispatch.start_due().started == []
    recipe.refresh_from_db()
    assert recipe.next_run_at is not None
    assert recipe.next_run_at > clock.now()


def test_what_was_missed_without_consent_runs_once_when_it_is_back(ada: Member) -> None:
    schedule = {"entries": [{"kind": "hourly", "every_hours": 1}]}
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(5))), schedule=schedule))
    assert tokens.require_reconnect(ada.credential.pk)
    clock.move(timedelta(hours=5))
    assert dispatch.start_due().started == []
    recipe.refresh_from_db()
    assert recipe.missed

    ada.consents_again()
    (run,) = Run.objects.filter(recipe=recipe)
    assert worked(run).state == Run.State.DONE
    assert dispatch.catch_up(ada.account.pk) == []


def test_two_recipes_for_one_playlist_are_refused(ada: Member) -> None:
    source, target = ada.has(tracks(5)), ada.has(tracks(5))
    saved(ada, of(ada, playlist(source), target=target))

    with pytest.raises(TargetTaken):
        saved(ada, of(ada, playlist(source), target=target))


def test_accounts_lists_and_versions_of_others_are_refused(ada: Member) -> None:
    bob = Member.joins(ada.spotify, "bob")
    theirs = {"kind": "liked", "account": bob.account.uid}
    stored = {"kind": "list", "list": "a" * 32}
    old = {"kind": "version", "version": "1"}

    with pytest.raises(NotADefinition) as caught:
        saved(ada, of(ada, theirs, stored, old))

    told = str(caught.value)
    assert "not one of your linked accounts" in told
    assert "not one of your stored lists" in told
    assert "not one of your versions" in told


def test_a_playlist_of_somebody_else_cannot_be_bound(ada: Member) -> None:
    bob = Member.joins(ada.spotify, "bob")
    mine, theirs = ada.has(tracks(3)), bob.has(tracks(3))
    browser = ada.browser()

    for target, count in ((theirs, 0), (mine, 1)):
        known = definition.check(of(ada, playlist(mine), target=target))
        form = {"name": "Mine", "text": definition.text(known)}
        answer = browser.post("/recipes/new/json/", form)
        assert Recipe.objects.count() == count
        assert ("not one of yours" in answer.content.decode()) is (target == theirs)


def test_a_preview_ends_as_a_draft_while_a_run_of_the_recipe_is_held(ada: Member) -> None:
    ada.spotify.load_saved("ada", tracks=tracks(20))
    recipe = from_template(ada, "mirror-likes")
    ran(recipe)
    ada.spotify.load_saved("ada", tracks=tracks(1))
    assert ran(recipe).state == Run.State.HELD

    look = worked(dispatch.start(recipe, dry=True))

    assert (look.state, look.report["removed"]) == (Run.State.DRAFT, 19)


def test_a_definition_that_is_no_longer_valid_stops_its_own_recipe_only(ada: Member) -> None:
    source = ada.has(tracks(3))
    broken, sound = (saved(ada, of(ada, playlist(source))) for _ in range(2))
    ago = clock.now() - DAY
    Recipe.objects.update(next_run_at=ago)
    Recipe.objects.filter(pk=broken.pk).update(definition={"version": 99}, next_run_at=ago - DAY)

    (run,) = dispatch.start_due().started

    assert run.recipe_id == sound.pk
    broken.refresh_from_db()
    assert (broken.is_paused, broken.next_run_at) == (True, None)


def test_a_run_whose_recipe_is_gone_before_it_has_read_ends_in_words(ada: Member) -> None:
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(3)))))
    run = dispatch.start(recipe)
    recipe_rows.delete(recipe)
    run.refresh_from_db()
    assert run.retry()

    worked(run)

    assert (run.state, run.code) == (Run.State.FAILED, "recipe_gone")
    assert ada.spotify.playlists("ada")[1:] == []


def test_a_held_run_ends_with_its_recipe(ada: Member) -> None:
    ada.spotify.load_saved("ada", tracks=tracks(20))
    recipe = from_template(ada, "mirror-likes")
    ran(recipe)
    ada.spotify.load_saved("ada", tracks=tracks(1))
    run = ran(recipe)

    recipe_rows.delete(recipe)

    run.refresh_from_db()
    assert run.state == Run.State.CANCELLED


def test_a_playlist_that_is_made_leaves_what_was_edited_meanwhile(ada: Member) -> None:
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(3)))))
    changed = of(ada, playlist(ada.has(tracks(5))))
    recipe_rows.save(recipe, definition.check(changed))

    Recipe.objects.bind(recipe.pk, "3" * 22)

    recipe.refresh_from_db()
    (source,) = recipe.definition["sources"]
    assert source["playlist"] == changed["sources"][0]["playlist"]
    assert recipe.playlist_id == recipe.definition["target"]["playlist"]["id"] == "3" * 22


def test_the_pages_of_a_recipe_that_cannot_be_read_say_so_and_let_it_be_edited(ada: Member) -> None:
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(3)))))
    run = ran(recipe)
    Recipe.objects.update(definition={"version": 99})
    browser = ada.browser()
    here = f"/recipes/{recipe.uuid}/"

    for page in ("/recipes/", here, run.get_absolute_url(), f"/recipes/{recipe.uuid}.json"):
        assert browser.get(page).status_code == 200
    assert "cannot read this recipe" in browser.get(here).content.decode()
    assert "99" in browser.get(f"{here}edit/").content.decode()
    for act in ("preview", "run", "resume"):
        assert "version" in said(browser.post(f"{here}{act}/", follow=True))


def test_name_and_description_are_given_when_asked_and_once(ada: Member) -> None:
    more = {"name": "Gym & more", "description": "Kept by a recipe"}
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(3))), target_more=more))

    run = ran(recipe)

    assert run.state == Run.State.DONE, run.sentence
    made = ada.spotify.playlist(run.playlist_id)
    assert (made["name"], made["description"]) == (more["name"], more["description"])
    ada.spotify.clear_log()
    assert ran(recipe).state == Run.State.DONE
    assert writes(ada) == []


@pytest.mark.parametrize("count", [1, 4])
def test_the_list_of_recipes_costs_the_same_queries_for_one_and_many(
    ada: Member, count: int
) -> None:
    for _ in range(count):
        worked(dispatch.start(saved(ada, of(ada, playlist(ada.has(tracks(2)))))))
    browser = ada.browser()

    with CaptureQueriesContext(connection) as seen:
        page = browser.get("/recipes/").content.decode()

    assert page.count("Last:") == count
    assert len(seen) == 8


def test_the_next_run_is_told_by_the_persons_own_clock(ada: Member) -> None:
    schedule = {"entries": [{"kind": "daily", "at": "05:00"}], "time_zone": "Asia/Tokyo"}
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(2))), schedule=schedule))
    browser = ada.browser()

    for page in ("/recipes/", recipe.get_absolute_url()):
        text = browser.get(page).content.decode()
        assert re.search(r"\d{4}, 05:0\d \(Asia/Tokyo\)", text)
