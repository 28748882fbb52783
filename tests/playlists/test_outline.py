"""The plan of a run in words: of every kind of call, on the preview's page and on the run's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from playlists import dispatch, outline
from playlists.models import Run
from playlists.planning.edits import Add, Edit, Move, Remove, Replace
from tests.playlists.cast import Member, tracks, worked
from tests.playlists.recipe_cast import of, playlist, ran, saved

ABC = ["a", "b", "c", "b"]


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Remove(("b",)), "Take out 2 items"),
        (Add(0, ("x",)), "Add 1 item at place 1"),
        (Add(4, ("x", "y")), "Add 2 items at the end"),
        (Move(0, 2, 4), "Move 2 items from place 1 to place 3"),
        (Move(2, 1, 0), "Move 1 item from place 3 to place 1"),
        (Replace(("x",)), "Write 1 item over the whole list"),
    ],
)
def test_each_call_says_what_it_does(edit: Edit, words: str) -> None:
    (line,) = outline.lines({"outline": outline.of(ABC, [edit])})

    assert line.words == words


@pytest.mark.django_db
def test_places_are_those_at_the_time_of_the_call_and_a_long_plan_is_cut() -> None:
    edits: list[Edit] = [Add(0, ("x", "y")), Move(2, 1, 0)]
    told = outline.of(ABC, [*edits, *[Remove((str(number),)) for number in range(120)]])

    shown = outline.lines({"outline": told})

    assert shown[1].words == "Move 1 item from place 3 to place 1"
    assert [track.uri for track in shown[1].tracks] == ["a"]
    assert (len(shown), outline.untold({"outline": told})) == (outline.SHOWN, 22)
    assert (outline.lines({}), outline.untold({})) == ([], 0)


def test_the_preview_and_the_run_say_the_plan_with_titles_and_without_a_call(ada: Member) -> None:
    source, target = ada.has(tracks(8)), ada.has([*tracks(2, start=60), *tracks(4)[::-1]])
    title = ada.spotify.playlist(target)["items"][0]
    recipe = saved(ada, of(ada, playlist(source), target=target))
    dry = worked(dispatch.start(recipe, dry=True))
    browser = ada.browser()
    ada.spotify.clear_log()

    page = browser.get(dry.get_absolute_url(), follow=True)

    assert ada.spotify.log() == []
    assert "The plan" in text(page)
    assert "Take out 2 items: " in text(page)
    assert "Add 4 items at " in text(page), text(page)[300:1500]
    assert "spotify:track:" not in text(page).partition("The plan")[2].partition("Start")[0], title
    run = ran(recipe)
    assert run.state == Run.State.DONE, run.sentence
    ada.spotify.clear_log()
    assert "Take out 2 items: " in text(browser.get(run.get_absolute_url()))
    assert ada.spotify.log() == []


def test_a_held_run_says_what_it_would_do_and_a_long_plan_is_folded(ada: Member) -> None:
    wanted = [uri for pair in zip(tracks(20), tracks(20, start=50), strict=True) for uri in pair]
    run = worked(ada.wants(wanted, ada.has(tracks(40, start=90)), report={}, dates="strict"))
    assert run.state == Run.State.HELD, run.sentence

    page = ada.browser().get(run.get_absolute_url())

    assert "Take out 40 items" in text(page)
    assert ("<details>" in page.content.decode()) is (len(outline.lines(run.report)) > 5)
