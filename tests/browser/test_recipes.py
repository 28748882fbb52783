"""Each template, from the click in the gallery to the list in the playlist at Spotify."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import scopes
from playlists.models import Recipe
from tests.browser.conftest import NewPage, sign_in_as
from tests.playlists.cast import Member, tracks

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection
    from tests.processes import Worker

RUN_MS = 30_000
Fill = Callable[[Page, dict[str, str]], None]


@pytest.fixture
def ada(sim: Control, live_server: LiveServer) -> Member:
    """A person who gave every right, with likes, two playlists and tracks that they play much."""
    sim.reset("empty")
    ada = Member.joins(sim, "ada", scopes=scopes.to_ask((), scopes.EXTRAS))
    sim.load_saved("ada", tracks=tracks(30))
    sim.load_heard("ada", top={"short_term": tracks(5, start=300)})
    return ada


def owns(ada: Member) -> dict[str, str]:
    first = ada.spotify.add_playlist("ada", name="First", uris=tracks(4) + tracks(2))
    second = ada.spotify.add_playlist("ada", name="Second", uris=tracks(3, start=2))
    return {"First": first, "Second": second}


def nothing(page: Page, lists: dict[str, str]) -> None:
    """Leave everything as the template has it."""


def from_first(page: Page, lists: dict[str, str]) -> None:
    page.get_by_label("Which playlist").select_option(lists["First"])


def both(page: Page, lists: dict[str, str]) -> None:
    page.get_by_label("First").check()
    page.get_by_label("Second").check()


def ten(page: Page, lists: dict[str, str]) -> None:
    page.get_by_label("How many tracks").fill("10")


@pytest.mark.parametrize(
    ("title", "fill", "wanted"),
    [
        ("Mirror my likes", nothing, tracks(30)),
        ("The newest", ten, tracks(10)),
        ("Merge playlists", both, [*tracks(3, start=2), *tracks(2)]),  # as Spotify lists them
        ("Archive", from_first, tracks(4)),
        ("Clean copy", from_first, tracks(4)),
        ("Liked, but in no playlist", nothing, tracks(25, start=5)),
        ("Weekly top tracks", nothing, tracks(5, start=300)),
        ("Rotate", ten, None),
    ],
)
def test_a_template_becomes_a_playlist(
    page: Page,
    base_url: str,
    sim: Control,
    ada: Member,
    worker: Worker,
    title: str,
    fill: Fill,
    wanted: list[str] | None,
) -> None:
    lists = owns(ada)
    sign_in_as(page, ada.user, site=base_url)

    page.goto("/")
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Recipes").click()
    page.get_by_role("link", name="New recipe").or_(
        page.get_by_role("link", name="Choose one to start from")
    ).first.click()
    page.get_by_role("link", name=title, exact=True).click()
    fill(page, lists)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Preview: nothing is changed yet")).to_be_visible(timeout=RUN_MS)
    assert len(sim.playlists("ada")) == 2
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-label]")).to_have_text("done", ignore_case=True, timeout=RUN_MS)

    recipe = Recipe.objects.get()
    found = sim.uris(recipe.playlist_id)
    if wanted is None:
        assert len(found) == 10
        assert set(found) < set(tracks(30))
        assert found != tracks(10)
    else:
        assert found == wanted
    assert not recipe.is_paused
    assert recipe.next_run_at is not None


def test_the_pages_of_recipes_say_what_they_do_and_can_be_used_by_all(
    page: Page,
    base_url: str,
    sim: Control,
    ada: Member,
    worker: Worker,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    lists = owns(ada)
    sign_in_as(page, ada.user, site=base_url)
    page.goto("/recipes/")
    assert inspection.of(page) == []
    page.goto("/recipes/new/")
    assert inspection.of(page) == []
    shoot(page, "recipe-gallery")
    page.get_by_role("link", name="Merge playlists", exact=True).click()
    assert inspection.of(page) == []
    shoot(page, "recipe-new")
    both(page, lists)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Preview: nothing is changed yet")).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_role("heading", name="What the rules do")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "recipe-preview")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-label]")).to_have_text("done", ignore_case=True, timeout=RUN_MS)

    page.get_by_role("link", name="Recipe", exact=True).click()
    expect(page.get_by_text("First", exact=True)).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "recipe")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("It is paused")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("It runs next on")).to_be_visible()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Definition").fill('{"version": 1}')
    page.get_by_role("button", name="Save and preview").click()
    expect(page.get_by_label("Definition")).to_have_attribute("aria-invalid", "true")
    assert inspection.of(page) == []
    shoot(page, "recipe-json-wrong", every=False)

    page.goto("/recipes/")
    assert inspection.of(page) == []
    shoot(page, "recipes")
    page.get_by_role("link", name="Merged").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete the recipe").click()
    expect(page.get_by_text("is deleted")).to_be_visible()
    assert len(sim.playlists("ada")) == 3


def test_a_recipe_goes_by_the_clock_of_the_browser(
    new_page: NewPage, base_url: str, ada: Member
) -> None:
    page = new_page(timezone_id="Europe/Berlin")
    sign_in_as(page, ada.user, site=base_url)

    page.goto("/recipes/new/mirror-likes/")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url("**/runs/**")

    assert Recipe.objects.get().definition["schedule"]["time_zone"] == "Europe/Berlin"


def test_the_block_list_takes_links_and_names(
    page: Page, base_url: str, ada: Member, inspection: Inspection
) -> None:
    sign_in_as(page, ada.user, site=base_url)
    page.goto("/blocks/")
    page.get_by_label("Links to tracks").fill(
        f"{tracks(1)[0]}\nSomebody\nhttps://open.spotify.com/album/4aawyAB9vmqN3uQ7FjRGTy"
    )
    page.get_by_role("button", name="Add").click()

    expect(page.get_by_text("2 added.")).to_be_visible()
    expect(page.get_by_text("a link to an album, not to a track")).to_be_visible()
    assert inspection.of(page) == []
    page.get_by_role("button", name="Remove Somebody").click()
    expect(page.get_by_role("rowheader", name="Somebody")).to_have_count(0)
