"""A list from elsewhere in a browser: searched by a worker, chosen from, put into a playlist."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from playlists.models import Choice, Matching
from tests.browser.conftest import NewPage, sign_in_as
from tests.playlists.cast import Member, tracks
from tests.playlists.test_match_runs import RED, SONGS, VISION, searched

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection
    from tests.processes import Worker

RUN_MS = 30_000
LONG = "A title that is so long that it has to be broken somewhere " * 3
TEXT = f"""{tracks(1)[0]}
Queen - One Vision
The Whites - Winter Song
Nobody - {LONG}
spotify:album:0000000000000000000000"""


def joins(sim: Control) -> Member:
    sim.reset("empty")
    ada = Member.joins(sim, "ada")
    sim.change_catalogue(tracks=SONGS)
    return ada


def test_a_list_is_brought_chosen_from_and_put(
    page: Page,
    base_url: str,
    sim: Control,
    live_server: LiveServer,
    worker: Worker,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    ada = joins(sim)
    target = ada.has([])
    sign_in_as(page, ada.user, site=base_url)
    found = []

    def look(name: str) -> None:
        shoot(page, name, every=False)
        found.extend(inspection.of(page))

    page.goto(f"{base_url}/playlists/put/")
    page.get_by_role("link", name="Bring it from elsewhere").click()
    look("bring")
    page.get_by_label("The list, one track a line").fill(TEXT)
    page.get_by_label("What it is called").fill("From elsewhere")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("[data-label]")).to_have_text("searched", timeout=RUN_MS)
    look("matching")

    page.get_by_role("link", name="Choose for 2 lines").click()
    look("match-lines")
    page.get_by_role("radio", name="Winter Song (4:20)").check()
    last = page.get_by_role("group", name="Line 4:")
    last.get_by_label("Words to search for").fill("one vision")
    last.get_by_role("button", name="Search by text").click()
    expect(page.get_by_text("Line 4: 1 found.")).to_be_visible()
    page.get_by_role("radio", name="One Vision (3:20)").check()
    page.get_by_role("button", name="Save the choices").click()
    expect(page.get_by_text("Nothing is open.")).to_be_visible()
    page.get_by_role("link", name="Matched (4)").click()
    look("match-lines-matched")

    page.get_by_role("link", name="From elsewhere").click()
    page.get_by_role("link", name="Put 4 tracks into a playlist").click()
    look("put-matched")
    page.get_by_label("Playlist", exact=True).select_option(target)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-label]")).to_have_text("done", timeout=RUN_MS)

    assert sim.uris(target) == [tracks(1)[0], VISION, RED, VISION]
    assert Choice.objects.count() == 2
    page.goto(f"{base_url}/matches/")
    look("matchings")
    page.goto(f"{base_url}/playlists/download/")
    look("takeout")
    assert found == []


def test_lines_are_chosen_without_javascript(
    new_page: NewPage, base_url: str, sim: Control, live_server: LiveServer
) -> None:
    ada = joins(sim)
    page = new_page(java_script_enabled=False)
    sign_in_as(page, ada.user, site=base_url)
    page.goto(f"{base_url}/matches/new/")

    page.get_by_label("The list, one track a line").fill("The Whites - Winter Song")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("Without JavaScript, reload the page")).to_be_visible()
    searched(Matching.objects.get())
    page.reload()
    page.get_by_role("link", name="Choose for 1 line").click()
    page.get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Save the choices").click()

    assert Choice.objects.get().uri == RED


def test_a_download_is_named_like_its_playlist(
    page: Page, base_url: str, sim: Control, live_server: LiveServer
) -> None:
    ada = joins(sim)
    sign_in_as(page, ada.user, site=base_url)
    page.goto(f"{base_url}/playlists/download/")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()

    assert download.value.suggested_filename.startswith("spotsite-playlists-")
