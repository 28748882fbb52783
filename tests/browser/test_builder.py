"""The builder in a real browser: a recipe is built, looked at, run, and changed later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import scopes
from playlists.models import Recipe, StoredList
from tests.browser.conftest import NewPage, sign_in_as
from tests.playlists.cast import Member, tracks

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection
    from tests.processes import Worker

RUN_MS = 30_000


@pytest.fixture
def ada(sim: Control, live_server: LiveServer) -> Member:
    """A person who gave every right, with likes and two playlists."""
    sim.reset("empty")
    ada = Member.joins(sim, "ada", scopes=scopes.to_ask((), scopes.EXTRAS))
    sim.load_saved("ada", tracks=tracks(30))
    sim.add_playlist("ada", name="First", uris=tracks(4))
    sim.add_playlist("ada", name="Second", uris=tracks(6, start=2))
    return ada


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def add(page: Page, name: str, kind: str, button: str) -> None:
    part = section(page, name)
    part.locator(f"#{name.lower()}-add").select_option(label=kind)
    part.get_by_role("button", name=button, exact=True).click()


def previewed(page: Page) -> None:
    page.get_by_role("button", name="Save and preview").click()
    expect(page.get_by_text("Preview: nothing is changed yet")).to_be_visible(timeout=RUN_MS)


def started(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-label]")).to_have_text("done", ignore_case=True, timeout=RUN_MS)


def build(page: Page, inspection: Inspection, shoot: Callable[..., None]) -> None:
    """Build a recipe of two sources and three rules, from the page of recipes."""
    page.goto("/recipes/")
    page.get_by_role("link", name="Build your own").click()
    assert inspection.of(page) == []
    page.get_by_label("Name of the recipe").fill("Best of both")
    for place, playlist in enumerate(("First", "Second")):
        add(page, "Sources", "A playlist of mine", "Add a source")
        block = page.locator(f"#sources-{place}")
        block.get_by_label("Which playlist").select_option(label=playlist)
    add(page, "Rules", "No duplicates", "Add a rule")
    add(page, "Rules", "Leave out tracks that …", "Add a rule")
    rule = page.locator("#rules-1")
    rule.get_by_label("Words").fill("no such title")
    rule.get_by_label("One more condition").select_option(label="I like it")
    rule.get_by_role("button", name="Add a condition").click()
    rule.get_by_label("The opposite").nth(1).check()
    add(page, "Rules", "No more than …", "Add a rule")
    page.locator("#rules-2").get_by_label("How many").fill("0")
    page.get_by_role("button", name="Save and preview").click()
    expect(page.locator("#rules-2").get_by_text("Is too small.")).to_be_visible()
    expect(page.get_by_text("Is missing. Allowed: text of 1 to 100 characters.")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "builder-faults")
    page.locator("#rules-2").get_by_label("How many").fill("5")
    page.get_by_role("button", name="Up with rule 3").click()
    page.get_by_label("Name of the new playlist").fill("Best of both")


def test_a_recipe_is_built_previewed_run_and_changed_later(
    page: Page,
    base_url: str,
    sim: Control,
    ada: Member,
    worker: Worker,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    sign_in_as(page, ada.user, site=base_url)

    build(page, inspection, shoot)
    previewed(page)
    assert len(sim.playlists("ada")) == 2
    started(page)

    recipe = Recipe.objects.get()
    assert [rule["kind"] for rule in recipe.definition["rules"]] == ["duplicates", "limit", "drop"]
    assert sim.uris(recipe.playlist_id) == tracks(5)

    page.get_by_role("link", name="Recipe", exact=True).click()
    page.get_by_role("link", name="Change").click()
    page.wait_for_url("**/build/")
    assert inspection.of(page) == []
    shoot(page, "builder")
    expect(page.get_by_label("Name of the new playlist")).to_be_hidden()
    page.locator("#rules-1").get_by_label("How many").fill("3")
    page.get_by_role("button", name="Down with source 1").click()
    previewed(page)
    started(page)

    assert sim.uris(recipe.playlist_id) == tracks(3, start=2)


def test_the_builder_needs_no_script_and_takes_a_list(
    new_page: NewPage,
    base_url: str,
    ada: Member,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    page = new_page(java_script_enabled=False)
    sign_in_as(page, ada.user, site=base_url)
    page.goto("/recipes/new/build/")
    page.get_by_label("Name of the recipe").fill("Tapes")
    add(page, "Sources", "A list that I paste or upload", "Add a source")
    page.get_by_label("Or a new list").fill("\n".join(tracks(3)))
    page.get_by_label("Name of the new playlist").fill("Tapes")
    page.get_by_label("Which playlist").focus()
    page.get_by_label("Name of the recipe").press("Enter")  # shows the form again, saves nothing
    expect(page.get_by_text("with 3 tracks.")).to_be_visible()
    assert not Recipe.objects.exists()

    page.get_by_role("button", name="Save and preview").click()

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert Recipe.objects.get().lists.get() == StoredList.objects.get()


def test_the_pages_of_stored_lists_can_be_used_by_all(
    page: Page, base_url: str, ada: Member, inspection: Inspection, shoot: Callable[..., None]
) -> None:
    stored = StoredList.objects.create(user=ada.user, name="Old tapes", uris=tracks(12))
    sign_in_as(page, ada.user, site=base_url)
    page.goto("/lists/")
    assert inspection.of(page) == []
    shoot(page, "stored-lists")
    page.get_by_role("link", name="Old tapes").click()
    assert inspection.of(page) == []
    shoot(page, "stored-list")
    page.get_by_label("Name").fill("New tapes")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New tapes")

    page.get_by_role("link", name="Delete").click()
    assert inspection.of(page) == []
    page.get_by_role("button", name="Delete the list").click()

    expect(page.get_by_text("The list “New tapes” is deleted.")).to_be_visible()
    assert not StoredList.objects.filter(pk=stored.pk).exists()
