"""The journey of a newcomer: sign up with Spotify, link Facebook, put a list into a playlist."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection


def test_a_newcomer_signs_up_links_and_puts_a_list_into_a_playlist(
    page: Page, sim: Control, inspection: Inspection, shoot: Callable[..., None]
) -> None:
    page.goto("/")
    page.get_by_role("button", name="Continue with Spotify").click()
    page.get_by_role("button", name="Continue as Ada").click()
    expect(page.get_by_role("heading", name="A second way in")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "second-way-in")
    page.get_by_role("button", name="Skip this for now").click()
    expect(page.get_by_role("heading", name="Hello, Ada")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "home")

    page.get_by_role("navigation", name="Site").get_by_role("link", name="Connections").click()
    page.get_by_role("button", name="Connect Facebook").click()
    page.get_by_role("button", name="Continue as Ada").click()
    expect(page.get_by_role("heading", name="Facebook: Ada")).to_be_visible()
    expect(page.get_by_role("heading", name="Spotify: Ada")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "connections")
