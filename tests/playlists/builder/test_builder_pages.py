"""The builder's pages without a script: what a browser sends comes back, and becomes a recipe."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import scopes
from playlists import recipe_rows
from playlists.models import Recipe, Run, StoredList
from playlists.recipes import definition
from playlists.uploads import MOST_BYTES
from simulator.control_client import Control
from tests.playlists.builder.browser import Fields
from tests.playlists.cast import Member, tracks

BUILD = "/recipes/new/build/"


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Member:
    return Member.joins(spotify, "ada", scopes=scopes.to_ask((), scopes.EXTRAS))


def page_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


class Form:
    """The builder as one person uses it: press a button, and see the form as it is then."""

    def __init__(self, member: Member, path: str = BUILD) -> None:
        self.browser: Client = member.browser()
        self.path = path
        self.page = page_of(self.browser.get(path))
        self.fields = Fields(self.page).sent

    def press(self, button: str, **files: Any) -> Any:
        data = {**self.fields, "do": button, **files}
        answer = self.browser.post(self.path, data)
        if answer.status_code == 200:
            self.page = answer.content.decode()
            self.fields = Fields(self.page).sent
        return answer

    def add(self, part: str, kind: str) -> None:
        self.fields["-".join([*part.split(), "add"])] = [kind]
        self.press(f"add {part}")

    def fill(self, **values: str | list[str]) -> None:
        for name, value in values.items():
            key = name.replace("__", "-")
            assert key in self.fields or f'name="{key}"' in self.page, key
            self.fields[key] = value if isinstance(value, list) else [value]


def everything(ada: Member, lists: list[str]) -> dict[str, Any]:
    """Return a definition that has something of everything."""
    first, second = lists
    stored = StoredList.objects.create(user=ada.user, name="Tapes", uris=tracks(2))
    deep = {"kind": "not", "of": {"kind": "any", "of": [{"kind": "explicit"}]}}
    in_lists = {"kind": "in_playlist", "playlists": [second, first], "same": "song"}
    return {
        "version": 1,
        "sources": [
            {"kind": "playlist", "playlist": first, "account": ada.account.uid},
            {"kind": "playlist", "playlist": "9" * 22, "if_unreadable": "skip"},
            {"kind": "liked"},
            {"kind": "albums"},
            {"kind": "top", "range": "6 months"},
            {"kind": "recent"},
            {"kind": "uris", "uris": tracks(3)},
            {"kind": "list", "list": str(stored.uuid)},
        ],
        "rules": [
            {"kind": "keep", "when": {"kind": "not", "of": {"kind": "liked"}}},
            {"kind": "drop", "when": {"kind": "any", "of": [deep, in_lists]}},
            {
                "kind": "drop",
                "when": {
                    "kind": "all",
                    "of": [
                        {"kind": "contains", "field": "title", "text": ' <"Live"> '},
                        {"kind": "date", "field": "released", "since": "2020-01-01"},
                        {"kind": "age", "field": "added", "at_most_days": 7},
                        {"kind": "duration", "at_least": 60, "at_most": 600},
                        {"kind": "matches", "field": "album", "pattern": "a\nb"},
                        {"kind": "in_my_playlists"},
                        {"kind": "blocked"},
                    ],
                },
            },
            {"kind": "block"},
            {"kind": "duplicates", "same": "song", "keep": "newest"},
            {"kind": "sort", "by": [{"field": "artist"}, {"field": "added"}, {"field": "isrc"}]},
            {"kind": "shuffle", "seed": "x", "again": "week"},
            {"kind": "space", "apart": 2},
            {"kind": "interleave", "weights": [1, 2, 3, 4, 5, 6, 7, 8]},
            {"kind": "limit", "most": 90, "unit": "minutes", "per": "source", "which": "last"},
        ],
        "target": {
            "account": ada.account.uid,
            "playlist": {"kind": "new", "name": "Every & thing"},
            "mode": {"kind": "rolling", "count": 50, "days": 30, "at": "start"},
            "by_hand": "overwrite",
            "dates": "strict",
            "guards": {"share": 20, "calls": 99},
            "name": "Named",
            "description": "",
        },
        "schedule": {
            "entries": [
                {"kind": "hourly", "every_hours": 5},
                {"kind": "daily", "at": "06:30"},
                {"kind": "weekly", "days": ["sunday", "monday"], "at": "07:00"},
                {"kind": "monthly", "day": 31, "at": "08:00"},
                {"kind": "cron", "text": "30 6 * * MON-FRI"},
            ],
            "time_zone": "Europe/Berlin",
            "quiet": {"start": "22:00", "end": "05:00"},
            "paused": True,
        },
    }


def two(ada: Member) -> list[str]:
    return [ada.spotify.add_playlist("ada", name=name, uris=tracks(3)) for name in ("A", "B")]


@pytest.mark.parametrize("presses", [0, 1])
def test_a_recipe_that_is_opened_and_saved_is_what_it_was(ada: Member, presses: int) -> None:
    known = definition.check(everything(ada, two(ada)))
    recipe = recipe_rows.save(Recipe(user=ada.user, name="Mine", is_paused=True), known)
    before = recipe.definition

    form = Form(ada, f"/recipes/{recipe.uuid}/build/")
    for _ in range(presses):
        form.press("show")
    answer = form.press("save")

    assert answer.status_code == 302, form.page
    recipe.refresh_from_db()
    assert recipe.definition == before
    assert recipe.name == "Mine"


def test_a_recipe_is_built_with_nothing_but_buttons(ada: Member) -> None:
    first, second = two(ada)
    form = Form(ada)
    form.add("sources", "playlist")
    form.fill(sources__0__playlist=first)
    form.add("sources", "playlist")
    form.fill(sources__1__playlist=second)
    form.press("up sources 1")
    form.add("rules", "drop")
    form.fill(rules__0__0__text="live")
    form.add("rules 0", "explicit")
    form.fill(rules__0__group="any")
    form.add("rules", "duplicates")
    form.add("rules", "limit")
    form.fill(rules__2__most="10", name="Built", target__new_name="Built")
    form.press("down rules 1")
    form.press("remove entries 0")

    answer = form.press("save")

    assert answer.status_code == 302, form.page
    recipe = Recipe.objects.get()
    assert answer["Location"] == Run.objects.get(recipe=recipe).get_absolute_url()
    assert recipe.is_paused
    known = definition.check(recipe.definition)
    assert [one.playlist for one in known.sources] == [second, first]  # type: ignore[union-attr]
    assert [rule.kind for rule in known.rules] == ["drop", "limit", "duplicates"]
    assert recipe.definition["rules"][0]["when"]["kind"] == "any"
    assert recipe.names == {first: "A", second: "B"}


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(ada: Member) -> None:
    form = Form(ada)
    form.add("sources", "liked")
    form.add("rules", "limit")
    form.fill(rules__0__most="many", target__mode="rolling", target__count="0")
    before = dict(form.fields)

    form.press("save")

    page = html.unescape(form.page)
    assert page.count('aria-invalid="true"') == 4
    for words in (
        "Is not a whole number. Allowed: a whole number from 1 to 10,000.",
        "Is too small. Allowed: a whole number from 1 to 10,000.",
        "Is missing. Allowed: text of 1 to 100 characters.",
        "Give it a name of 1 to 100 characters.",
    ):
        assert words in page
    assert form.fields == before
    assert not Recipe.objects.exists()


def test_a_list_is_pasted_or_uploaded_and_chosen_at_once(ada: Member) -> None:
    form = Form(ada)
    form.add("sources", "list")
    form.fill(sources__0__paste="\n".join([*tracks(3), "Queen - One Vision"]))
    form.press("add rules")
    pasted = StoredList.objects.get()
    assert pasted.uris == tracks(3)
    assert form.fields["sources-0-list"] == [str(pasted.uuid)]
    assert form.fields["sources-0-paste"] == [""]
    assert "with 3 tracks. 1 line is not in it; line 4:" in html.unescape(form.page)

    form.add("sources", "list")
    file = SimpleUploadedFile("Old tapes.txt", "\n".join(tracks(2, start=9)).encode())
    form.press("show", **{"sources-1-file": file})

    uploaded = StoredList.objects.get(name="Old tapes")
    assert uploaded.uris == tracks(2, start=9)
    assert form.fields["sources-1-list"] == [str(uploaded.uuid)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Queen - One Vision", "There is no link to a track in it. Line 1"),
        ("<!doctype html><p>", "This is a web page."),
    ],
)
def test_what_is_no_list_stays_in_its_field_with_the_reason(
    ada: Member, text: str, says: str
) -> None:
    form = Form(ada)
    form.add("sources", "list")
    form.fill(sources__0__paste=text)

    form.press("save")

    assert says in html.unescape(form.page)
    assert form.fields["sources-0-paste"] == [text]
    assert not StoredList.objects.exists()


def test_one_list_too_many_is_refused_with_a_clear_message(ada: Member, settings: Settings) -> None:
    settings.LIST_COUNT = 1
    StoredList.objects.create(user=ada.user, name="Tapes")
    form = Form(ada)
    form.add("sources", "list")
    form.fill(sources__0__paste=tracks(1)[0])

    form.press("show")

    assert "You have 1 stored list, which is the most" in form.page
    assert StoredList.objects.count() == 1


def test_a_file_that_is_too_big_is_named_at_its_field(ada: Member) -> None:
    form = Form(ada)
    form.add("sources", "list")
    file = SimpleUploadedFile("big.txt", b"x" * (MOST_BYTES + 1))

    form.press("show", **{"sources-0-file": file})

    assert "That file is too big" in form.page


def test_somebody_elses_playlist_is_refused_at_the_target(ada: Member) -> None:
    form = Form(ada)
    form.add("sources", "liked")
    form.fill(name="Mine", target__playlist="9" * 22)

    form.press("save")

    assert "That playlist is not one of yours" in form.page
    assert not Recipe.objects.exists()


def test_a_playlist_that_was_made_meanwhile_is_not_made_twice(ada: Member) -> None:
    known = definition.check(everything(ada, two(ada)))
    recipe = recipe_rows.save(Recipe(user=ada.user, name="Mine", is_paused=True), known)
    form = Form(ada, f"/recipes/{recipe.uuid}/build/")
    made = ada.spotify.add_playlist("ada", name="Every & thing", uris=[])
    Recipe.objects.bind(recipe.pk, made)

    form.press("save")

    recipe.refresh_from_db()
    assert recipe.playlist_id == made


def many() -> Iterator[tuple[str, list[str]]]:
    for place in range(11_000):
        yield f"x{place}", ["1"]


def test_a_form_that_is_too_much_is_answered_with_words(ada: Member) -> None:
    answer = ada.browser().post(BUILD, dict(many()))

    assert answer.status_code == 413
    assert "That is too much for this form" in answer.content.decode()


def test_a_recipe_that_cannot_be_read_any_more_is_shown_as_text(ada: Member) -> None:
    recipe = Recipe.objects.create(
        user=ada.user, account=ada.account, name="Mine", definition={"version": 99}
    )

    answer = ada.browser().get(f"/recipes/{recipe.uuid}/build/")

    assert answer["Location"] == f"/recipes/{recipe.uuid}/edit/"


def test_playlists_of_several_accounts_are_read_by_the_account_that_shows_them(
    ada: Member,
) -> None:
    other = Member.joins(ada.spotify, "ada2", user=ada.user)
    mine = ada.spotify.add_playlist("ada", name="Mine", uris=tracks(1))
    theirs = ada.spotify.add_playlist("ada2", name="Theirs", uris=tracks(1))
    form = Form(ada)
    form.add("sources", "playlist")
    form.fill(sources__0__playlist=mine)
    form.add("sources", "playlist")
    form.fill(sources__1__playlist=theirs, name="Both", target__new_name="Both")

    answer = form.press("save")

    assert answer.status_code == 302, form.page
    first, second = definition.check(Recipe.objects.get().definition).sources
    assert (first.account, second.account) == (None, other.account.uid)
