"""The preview of a recipe through its pages: what it says, what it costs, and what it leaves."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts import scopes
from playlists import dispatch
from playlists.models import Recipe, Run
from playlists.recipes import definition
from simulator.control_client import Control
from tests.playlists.cast import Member, edit, said, tracks, worked, writes
from tests.playlists.recipe_cast import of, playlist, saved

HOURLY = {"entries": [{"kind": "hourly", "every_hours": 1}]}
CLOSED = "Spotify opens only playlists that you own or work on with others"


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Member:
    return Member.joins(spotify, "ada", scopes=scopes.to_ask((), scopes.EXTRAS))


def submitted(browser: Client, data: dict[str, Any]) -> Any:
    text = definition.text(definition.check(data))
    return browser.post("/recipes/new/json/", {"name": "Mine", "text": text})


def text(answer: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def looked(recipe: Recipe) -> Run:
    run = worked(dispatch.start(recipe, dry=True))
    assert run.state == Run.State.DRAFT, run.sentence
    return run


def test_a_preview_says_what_would_change_and_what_it_costs_and_writes_nothing(ada: Member) -> None:
    source, target = ada.has(tracks(30)), ada.has(tracks(10, start=25))
    recipe = saved(ada, of(ada, playlist(source), target=target, schedule=HOURLY))
    run = looked(recipe)
    page = text(ada.browser().get(run.get_absolute_url(), follow=True))

    for words in (
        "5 kept with their dates, 25 added, 5 removed, 0 blocks moved: ",
        "A run that finds nothing changed makes 2 calls: about 48 a day.",
        "The plan",
    ):
        assert words in page, page
    assert writes(ada) == []


def test_a_preview_whose_target_has_changed_is_shown_anew_before_it_starts(ada: Member) -> None:
    source, target = ada.has(tracks(6)), ada.has(tracks(3, start=4))
    recipe = saved(ada, of(ada, playlist(source), target=target))
    run = looked(recipe)
    edit(ada, "POST", target, {"uris": tracks(2, start=90)})
    browser = ada.browser()
    page = browser.get(run.get_absolute_url(), follow=True)
    here = page.request["PATH_INFO"]

    answer = browser.post(here)

    assert answer.status_code == 200
    assert "has changed since you looked" in said(answer)
    assert "3 removed" in text(answer)
    run.refresh_from_db()
    assert run.state == Run.State.DRAFT
    assert len(writes(ada)) == 1  # the one by hand

    assert browser.post(here).status_code == 302
    run = worked(run)
    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(target) == tracks(6)


@pytest.mark.parametrize("if_unreadable", ["fail", "skip"])
def test_somebody_elses_playlist_as_a_source_is_named_when_it_is_saved(
    ada: Member, if_unreadable: str
) -> None:
    theirs = Member.joins(ada.spotify, "bob").has(tracks(3))
    data = of(ada, playlist(ada.has(tracks(3))), playlist(theirs, if_unreadable=if_unreadable))

    answer = submitted(ada.browser(), data)

    if if_unreadable == "fail":
        assert "sources[1].playlist cannot be read" in said(answer)
        assert CLOSED in said(answer)
        assert not Recipe.objects.exists()
    else:
        run = worked(Run.objects.get())
        page = text(ada.browser().get(run.get_absolute_url(), follow=True))
        assert f"Source 2 cannot be read: {CLOSED}" in page


def test_a_first_preview_that_failed_leads_to_the_recipe_and_stops_no_second_try(
    ada: Member,
) -> None:
    target = ada.has(tracks(3))
    stored = {"kind": "playlist", "playlist": ada.has(tracks(2))}
    browser = ada.browser()
    submitted(browser, of(ada, stored, target=target))
    ada.spotify.remove_playlist(stored["playlist"])
    failed = ada.later(worked(Run.objects.get()), seconds=30)
    assert (failed.state, failed.code) == (Run.State.FAILED, "source_unreadable")
    first = Recipe.objects.get()
    assert f"/recipes/{first.uuid}/edit/" in browser.get(failed.get_absolute_url()).content.decode()

    answer = submitted(browser, of(ada, {"kind": "liked"}, target=target))

    assert answer.status_code == 302, said(answer)
    assert Recipe.objects.get() != first


def test_a_recipe_that_was_looked_at_well_keeps_its_playlist(ada: Member) -> None:
    target = ada.has(tracks(3))
    data = of(ada, playlist(ada.has(tracks(2))), target=target)
    recipe = saved(ada, data)
    Recipe.objects.update(is_paused=True)
    looked(recipe)

    answer = submitted(ada.browser(), data)

    assert "Another recipe keeps this playlist already" in said(answer)
    assert Recipe.objects.get() == recipe


def test_who_cannot_run_it_now_is_led_to_the_run_that_is_in_the_way(ada: Member) -> None:
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(3)))))
    run = dispatch.start(recipe)

    answer = ada.browser().post(f"/recipes/{recipe.uuid}/run/", follow=True)

    assert answer.redirect_chain[-1][0] == run.get_absolute_url()
    assert "has a run that is not over" in text(answer)


def test_pressing_preview_again_and_again_looks_once_and_never_says_busy(ada: Member) -> None:
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(3)))))
    dispatch.start(recipe)
    browser = ada.browser()

    for _ in range(3):
        answer = browser.post(f"/recipes/{recipe.uuid}/preview/")
        assert answer.status_code == 302
    assert Run.objects.filter(is_dry=True).count() == 1

    recipe.refresh_from_db()
    data = {"name": "Mine", "text": definition.text(definition.check(recipe.definition))}
    browser.post(f"/recipes/{recipe.uuid}/edit/", data)
    states = Run.objects.filter(is_dry=True).order_by("pk").values_list("state", flat=True)
    assert list(states) == [Run.State.CANCELLED, Run.State.QUEUED]
