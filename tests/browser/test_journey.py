"""The journey of a newcomer: sign up with Spotify, link Facebook, put a list into a playlist."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection, Watch
    from tests.processes import Worker

RUN_MS = 30_000


def test_a_newcomer_signs_up_links_and_puts_a_list_into_a_playlist(
    page: Page, sim: Control, worker: Worker, inspection: Inspection, shoot: Callable[..., None]
) -> None:
    uris = sim.catalogue(limit=250)
    assert len(uris) == 250

    page.goto("/")
    page.get_by_role("button", name="Continue with Spotify").click()
    page.get_by_role("button", name="Continue as Ada").click()
    expect(page.get_by_role("heading", name="A second way in")).to_be_visible()
    assert inspection.of(page) == []
    expect(page.get_by_role("heading", name="A passkey")).to_be_hidden()  # none at 127.0.0.1
    shoot(page, "second-way-in")
    page.get_by_role("button", name="Skip this for now").click()
    expect(page.get_by_role("heading", name="Hello, Ada")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "home")

    site = page.get_by_role("navigation", name="Site")
    site.get_by_role("link", name="Connections").click()
    page.get_by_role("button", name="Connect Facebook").click()
    page.get_by_role("button", name="Continue as Ada").click()
    expect(page.get_by_role("heading", name="Facebook: Ada")).to_be_visible()
    expect(page.get_by_role("heading", name="Spotify: Ada")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "connections")

    site.get_by_role("link", name="Put a list").click()
    assert inspection.of(page) == []
    shoot(page, "put")
    text = "\n".join(uris).encode()
    page.get_by_label("Or a file with them").set_input_files(
        {"name": "set.txt", "mimeType": "text/plain", "buffer": text}
    )
    page.get_by_label("Name of the new playlist").fill("Friday at nine")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Preview: nothing is changed yet")).to_be_visible()
    expect(page.locator(".counts")).to_contain_text("250")
    assert inspection.of(page) == []
    shoot(page, "preview")

    # The second hundred is held up, so that the bar stands where a person can see it.
    sim.fault(method="POST", path="/items$", skip=1, times=1, kind="hang", seconds=4)
    page.get_by_role("button", name="Start").click()
    page.evaluate("window.neverReloaded = true")
    bar = page.get_by_role("progressbar", name="Tracks in place")
    expect(bar).to_have_js_property("value", 100, timeout=RUN_MS)
    shoot(page, "run-under-way", every=False)
    expect(page.locator("[data-label]")).to_have_text("done", ignore_case=True, timeout=RUN_MS)
    expect(bar).to_have_js_property("value", 250)
    assert page.evaluate("window.neverReloaded") is True
    expect(page.locator("[data-spoken]")).to_have_text("done: 250 of 250")
    assert inspection.of(page) == []
    shoot(page, "run-done")

    link = page.get_by_role("link", name="OPEN SPOTIFY", exact=True)
    playlist_id = str(link.get_attribute("href")).rpartition("/")[2]
    assert sim.playlist(playlist_id)["name"] == "Friday at nine"
    assert sim.uris(playlist_id) == uris

    site.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("link", name="Friday at nine")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "runs", every=False)
    page.get_by_role("link", name="spotsite").click()
    expect(page.get_by_role("heading", name="Latest runs")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "home-later")


def test_a_person_who_is_not_on_the_allow_list_is_told_so_and_shown_another_way(
    page: Page, sim: Control, watch: Watch, inspection: Inspection, shoot: Callable[..., None]
) -> None:
    watch.expect("403")

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Continue with Spotify").click()
    page.get_by_role("button", name="Continue as Zoe").click()

    expect(page.get_by_text("only the people on its allow list get in")).to_be_visible()
    expect(page.get_by_role("link", name="Sign up with an e-mail address")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "not-allowed", every=False)
