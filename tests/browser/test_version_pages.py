"""The time machine fits every screen, passes axe, and works by clicks without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from playlists import versions
from playlists.models import Run, Track, Version
from playlists.spotify import Item
from tests.browser.conftest import NewPage, sign_in_as
from tests.playlists.cast import Member, tracks, worked

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection

LOCAL = "spotify:local:Me:Demo:A+file:180"
LONG = "A title that is so long that it has to be broken somewhere " * 3


def stored(ada: Member, playlist_id: str, *uris: str) -> Version:
    items = [Item(uri, "2026-01-01T00:00:00Z", uri == LOCAL, title=LONG) for uri in uris]
    return versions.freeze(ada.account, playlist_id, items, cause=Version.Cause.ELSEWHERE)


def test_versions_fit_every_screen_and_pass_axe(
    page: Page,
    base_url: str,
    sim: Control,
    live_server: LiveServer,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    sim.reset("empty")
    ada = Member.joins(sim, "ada")
    playlist_id = ada.has(tracks(5))
    worked(ada.wants(tracks(6), playlist_id))
    old = stored(ada, playlist_id, *tracks(150), LOCAL, "")
    new = stored(ada, playlist_id, *tracks(3)[::-1])
    Track.objects.filter(uri=tracks(1)[0]).delete()
    sign_in_as(page, ada.user, site=base_url)

    found = []
    for name, address in (
        ("versions", f"/playlists/{playlist_id}/versions/"),
        ("version", f"/versions/{old.pk}/"),
        ("version-diff", f"/versions/{old.pk}/diff/{new.pk}/?show=removed"),
    ):
        page.goto(f"{base_url}{address}")
        shoot(page, name, every=False)
        found += inspection.of(page)

    assert found == []


def test_chosen_items_are_put_back_without_javascript(
    new_page: NewPage, base_url: str, sim: Control, live_server: LiveServer
) -> None:
    sim.reset("empty")
    ada = Member.joins(sim, "ada")
    playlist_id = ada.has(tracks(2))
    stored(ada, playlist_id, *tracks(4))
    stored(ada, playlist_id, *tracks(2))
    page = new_page(java_script_enabled=False)
    sign_in_as(page, ada.user, site=base_url)
    page.goto(f"{base_url}/playlists/{playlist_id}/versions/")

    page.get_by_role("row").last.get_by_role("link").first.click()
    page.get_by_role("link", name="Show only the 2 missing since").click()
    page.get_by_label("Item 4").check()
    page.get_by_role("button", name="Put the chosen ones back").click()
    expect(page.get_by_text("Preview: nothing is changed yet")).to_be_visible()
    page.get_by_role("button", name="Start").click()

    worked(Run.objects.get(kind=Run.Kind.RESTORE))
    assert sim.uris(playlist_id) == [*tracks(2), tracks(4)[3]]
