"""An identity that belongs to another local account is moved with all that hangs on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from playwright.sync_api import Page, expect

from accounts import tokens
from accounts.models import Credential, User
from playlists.models import Run, Version
from tests.people import forget_sign_in, give_email

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection, NewPage
    from tests.processes import Worker

PASSWORD = "a long enough password"
RUN_MS = 30_000


@pytest.fixture
def graces_page(new_page: NewPage, sim: Control, worker: Worker) -> Page:
    """Grace, who came with Spotify, put a list into a playlist, and has a password too."""
    page = new_page()
    page.goto("/")
    page.get_by_role("button", name="Continue with Spotify").click()
    page.get_by_role("button", name="Continue as Grace").click()
    page.get_by_role("button", name="Skip this for now").click()
    page.goto("/playlists/put/")
    page.get_by_label("Links to tracks").fill("\n".join(sim.catalogue(limit=5)))
    page.get_by_label("Name of the new playlist").fill("Friday at nine")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-label]")).to_have_text("done", ignore_case=True, timeout=RUN_MS)
    give_email(User.objects.get(), "grace@example.org", password=PASSWORD)
    return page


@pytest.fixture
def adas_page(graces_page: Page, new_page: NewPage, base_url: str) -> Page:
    """Ada, who came with Facebook some time ago."""
    page = new_page()
    page.goto("/")
    page.get_by_role("button", name="Continue with Facebook").click()
    page.get_by_role("button", name="Continue as Ada").click()
    page.get_by_role("button", name="Skip this for now").click()
    expect(page.get_by_role("heading", name="Hello, Ada")).to_be_visible()
    forget_sign_in(session_of(page))
    return page


def session_of(page: Page) -> Client:
    client = Client()
    (cookie,) = (one for one in page.context.cookies() if one["name"] == "sessionid")
    client.cookies["sessionid"] = cookie["value"]
    return client


def test_a_link_is_moved_after_a_fresh_sign_in_to_both(
    graces_page: Page,
    adas_page: Page,
    sim: Control,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    page = adas_page
    ada, grace = (User.objects.get(name__startswith=name) for name in ("Ada", "Grace"))
    account = SocialAccount.objects.get(provider="spotify")
    sealed = Credential.objects.get(account=account).refresh_ct
    assert set(Run.objects.values_list("user", flat=True)) == {grace.pk}

    page.goto("/connections/")
    page.get_by_role("button", name="Connect Spotify").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you?")
    assert inspection.of(page) == []
    shoot(page, "move-1-still-you", every=False)
    page.get_by_role("button", name="Sign in again with Facebook as Ada").click()
    page.get_by_role("button", name="Continue as Ada").click()
    page.get_by_role("button", name="Continue as Grace").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("belongs to another account here")
    expect(page.get_by_text("grace@example.org")).to_have_count(0)
    assert inspection.of(page) == []
    shoot(page, "move-2-choice", every=False)
    page.get_by_role("link", name="Move it here").click()
    expect(page.get_by_text("The other account stays")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "move-3-proof", every=False)
    page.get_by_label("Password of the other account").fill("a wrong password")
    page.get_by_role("button", name="Move it here").click()
    expect(page.get_by_label("Password of the other account")).to_have_attribute(
        "aria-invalid", "true"
    )
    assert inspection.of(page) == []
    shoot(page, "move-4-refused", every=False)
    assert SocialAccount.objects.get(pk=account.pk).user == grace
    page.get_by_label("Password of the other account").fill(PASSWORD)
    page.get_by_role("button", name="Move it here").click()
    expect(page.get_by_text("now belongs to this account")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "move-5-moved", every=False)

    credential = Credential.objects.get(account=account)
    assert credential.refresh_ct != sealed
    assert tokens.access_token_for(credential.pk).secret
    assert set(Run.objects.values_list("user", flat=True)) == {ada.pk}
    assert set(Version.objects.values_list("account__user", flat=True)) == {ada.pk}
    assert [one.to for one in mail.outbox][-1:] == [["grace@example.org"]]
    page.goto("/runs/")
    page.get_by_role("link", name="Friday at nine").click()
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 5)
    page.goto("/playlists/put/")
    expect(page.get_by_role("option", name="Friday at nine")).to_have_count(1)
    graces_page.goto("/runs/")
    expect(graces_page.get_by_role("link", name="Friday at nine")).to_have_count(0)
    graces_page.goto("/connections/")
    expect(graces_page.get_by_role("heading", name="Spotify: Grace")).to_have_count(0)


def test_a_choice_that_is_cancelled_changes_nothing(adas_page: Page) -> None:
    page = adas_page
    page.goto("/connections/")
    page.get_by_role("button", name="Connect Spotify").click()
    page.get_by_role("button", name="Sign in again with Facebook as Ada").click()
    page.get_by_role("button", name="Continue as Ada").click()
    page.get_by_role("button", name="Continue as Grace").click()

    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    assert SocialAccount.objects.get(provider="spotify").user.name.startswith("Grace")
