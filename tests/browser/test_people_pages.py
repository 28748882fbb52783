"""The pages of linked accounts with something on them: they fit every screen and pass axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import Credential, User, Withdrawal
from tests.accounts.test_facebook_callbacks import ours
from tests.people import forget_sign_in, give_email
from tests.visitor import Visitor

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection

PASSWORD = "a long enough password"


@pytest.fixture
def visitor(sim: Control, base_url: str) -> Visitor:
    """Ada, who came with Spotify and linked Facebook."""
    visitor = Visitor(sim)
    visitor.sign_in("spotify", "ada")
    started = visitor.post("/connections/connect/facebook/")
    visitor.get(visitor.decide(started, "ada"))
    return visitor


def show(page: Page, client: Client, address: str, *, site: str) -> None:
    """Open an address in the session of ``client``."""
    value = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": value, "url": site}])
    page.goto(address)


def link_graces(visitor: Visitor) -> None:
    """Bring Ada back from Spotify as Grace, whose account hangs on another local account."""
    Visitor(visitor.sim).sign_in("spotify", "grace")
    give_email(User.objects.latest("pk"), "grace@example.org", password=PASSWORD)
    started = visitor.post("/connections/connect/spotify/")
    visitor.get(visitor.decide(started, "grace"))


def test_connections_in_every_state(
    page: Page,
    base_url: str,
    visitor: Visitor,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    user = User.objects.get()
    for status in ("suspect", "disconnected"):
        account = SocialAccount.objects.create(
            user=user, provider="spotify", uid=status, extra_data={"display_name": "x" * 120}
        )
        Credential.objects.create(account=account, provider="spotify", status=status)
    Withdrawal.objects.create(user=user, provider="facebook", tries=1, last_error_code="http_503")

    show(page, visitor, "/connections/", site=base_url)

    expect(page.get_by_role("article")).to_have_count(4)
    assert inspection.of(page) == []
    shoot(page, "connections", every=False)


def test_disconnect_page(
    page: Page,
    base_url: str,
    visitor: Visitor,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    show(page, visitor, "/connections/", site=base_url)

    page.get_by_role("link", name="Disconnect Spotify: Ada").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Disconnect Ada")
    assert inspection.of(page) == []
    shoot(page, "disconnect", every=False)
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("its tokens are erased")).to_be_visible()
    assert list(SocialAccount.objects.values_list("provider", flat=True)) == ["facebook"]


def test_sign_in_again_page(
    page: Page,
    base_url: str,
    visitor: Visitor,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    forget_sign_in(visitor)

    show(page, visitor, "/account/export/", site=base_url)

    expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you?")
    expect(page.get_by_role("button", name="Sign in again with Spotify as Ada")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "sign-in-again", every=False)


def test_conflict_is_explained_and_settled(
    page: Page,
    base_url: str,
    visitor: Visitor,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    link_graces(visitor)

    show(page, visitor, "/connections/conflict/", site=base_url)
    assert inspection.of(page) == []
    shoot(page, "conflict", every=False)
    page.get_by_role("link", name="Move it here").click()
    assert inspection.of(page) == []
    shoot(page, "conflict-move", every=False)
    page.get_by_label("Password of the other account").fill(PASSWORD)
    page.get_by_role("button", name="Move it here").click()

    expect(page.get_by_text("now belongs to this account")).to_be_visible()
    assert SocialAccount.objects.filter(provider="spotify", user__name="Ada").count() == 2


def test_status_page_of_a_deletion(
    page: Page,
    base_url: str,
    visitor: Visitor,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    facebook = SocialAccount.objects.get(provider="facebook")
    said = Client().post("/facebook/deletion/", {"signed_request": ours(facebook.uid)}).json()

    page.goto(said["url"].removeprefix(settings.PUBLIC_URL))

    expect(page.get_by_text("done", exact=True)).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "facebook-deletion", every=False)


def test_deleting_an_account_by_hand(
    page: Page, base_url: str, visitor: Visitor, inspection: Inspection
) -> None:
    show(page, visitor, "/account/delete/", site=base_url)

    page.get_by_label("Type").fill("delete my account")
    page.get_by_role("button", name="Delete my account").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your account is deleted")
    assert inspection.of(page) == []
    assert not User.objects.exists()
