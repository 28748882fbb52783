"""A list is put into a playlist by keyboard only, and without JavaScript; errors are explained."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import NewPage, sign_in_as
from tests.playlists.cast import Member, tracks

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection
    from tests.processes import Worker

RUN_MS = 30_000
MOST_TABS = 40


@pytest.fixture
def ada(sim: Control, live_server: LiveServer) -> Member:
    """A person with a linked Spotify account, alone in the world."""
    sim.reset("empty")
    return Member.joins(sim, "ada")


def test_a_list_is_put_by_keyboard_alone(
    page: Page, base_url: str, sim: Control, ada: Member, worker: Worker
) -> None:
    playlist = ada.has(tracks(2))
    sign_in_as(page, ada.user, site=base_url)
    page.goto("/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    tab_to(page, "link", "Put a list")
    page.keyboard.press("Enter")
    tab_to(page, "textbox", "Links to tracks, one a line")
    page.keyboard.insert_text("\n".join(tracks(3, start=10)))
    tab_to(page, "combobox", "Playlist")
    page.keyboard.type("Mine")
    tab_to(page, "radio", "Keep it, and add the list to the end")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Replace it by the list")).to_be_checked()
    tab_to(page, "button", "Preview")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Preview: nothing is changed yet")).to_be_visible()
    tab_to(page, "button", "Start")
    page.keyboard.press("Enter")

    expect(page.locator("[data-label]")).to_have_text("done", ignore_case=True, timeout=RUN_MS)
    assert sim.uris(playlist) == tracks(3, start=10)


def test_a_list_is_put_without_javascript(
    new_page: NewPage, base_url: str, sim: Control, ada: Member, worker: Worker
) -> None:
    playlist = ada.has(tracks(2))
    page = new_page(java_script_enabled=False)
    sign_in_as(page, ada.user, site=base_url)

    page.goto("/playlists/put/")
    page.get_by_label("Links to tracks, one a line").fill("\n".join(tracks(3, start=10)))
    page.get_by_label("Playlist", exact=True).select_option(playlist)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Start").click()
    for _ in range(100):
        if page.get_by_role("link", name="Put another list").count():
            break
        page.get_by_role("link", name="Look again").click()

    expect(page.locator("[data-label]")).to_have_text("done", ignore_case=True)
    assert sim.uris(playlist) == [*tracks(2), *tracks(3, start=10)]


def test_bad_input_is_explained_beside_the_field(
    page: Page,
    base_url: str,
    ada: Member,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    sign_in_as(page, ada.user, site=base_url)
    page.goto("/playlists/put/")
    page.get_by_label("Links to tracks, one a line").fill("https://open.spotify.com/album/1")
    page.get_by_role("button", name="Preview").click()

    field = page.get_by_label("Links to tracks, one a line")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("There is no link to a track in it"))
    assert inspection.of(page) == []
    shoot(page, "put-wrong", every=False)


def tab_to(page: Page, role: str, name: str) -> None:
    """Press Tab until that control has the focus, as a person without a mouse does."""
    wanted = page.get_by_role(role, name=name).first
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("it => it === document.activeElement"):
            outline = wanted.evaluate("it => getComputedStyle(it).outlineStyle")
            around = wanted.evaluate(
                "it => it.closest('label') && getComputedStyle(it.closest('label')).outlineStyle"
            )
            assert "solid" in (outline, around), f"{role} {name} has the focus but does not show it"
            return
    raise AssertionError(f"Tab never came to the {role} {name}.")
