"""Every main page fits a phone and a desktop, in light and dark, and passes axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import AbstractBaseUser
from playwright.sync_api import Page

from tests.browser.conftest import sign_in

if TYPE_CHECKING:
    from tests.browser.conftest import Inspection, Watch

FOR_STRANGERS = [
    "/",
    "/privacy/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/dev/mail/",
]
FOR_MEMBERS = [
    "/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/account/",
    "/account/sessions/",
    "/account/export/",
    "/account/delete/",
    "/connections/",
    "/playlists/put/",
    "/runs/",
    "/second-way-in/",
    "/accounts/logout/",
]


def test_pages_for_strangers_fit_every_screen_and_pass_axe(
    page: Page, inspection: Inspection, shoot: Callable[..., None]
) -> None:
    assert problems(page, FOR_STRANGERS, inspection, shoot, "stranger") == []


def test_pages_for_members_fit_every_screen_and_pass_axe(
    page: Page,
    base_url: str,
    ann: AbstractBaseUser,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    sign_in(page, ann, site=base_url)

    assert problems(page, FOR_MEMBERS, inspection, shoot, "member") == []


def test_a_wrong_address_gets_a_page_of_ours(
    page: Page, watch: Watch, inspection: Inspection
) -> None:
    watch.expect("404")

    page.goto("/nothing/here/")

    assert page.get_by_role("heading", level=1).inner_text() == "There is nothing at this address"
    assert inspection.of(page) == []


def test_the_inspection_finds_what_is_wrong(page: Page, inspection: Inspection) -> None:
    page.goto("/privacy/")
    page.evaluate(
        """() => { const wide = document.createElement('p'); wide.textContent = 'x'.repeat(300)
        wide.setAttribute('aria-nonsense', 'yes'); document.querySelector('h1').prepend(wide)
        document.querySelector('h1').style.color = 'rgb(128 128 128 / 40%)' }"""
    )

    found = " ".join(inspection.of(page))

    assert "aria-valid-attr" in found
    assert "color-contrast" in found


def test_an_inline_script_is_stopped_and_noticed(page: Page, watch: Watch) -> None:
    page.goto("/privacy/")
    page.evaluate(
        """() => { const script = document.createElement('script')
        script.textContent = 'window.ran = true'; document.body.append(script) }"""
    )

    assert page.evaluate("window.ran") is None
    assert [c for c in watch.complaints if "Content Security Policy" in c]
    watch.complaints.clear()


def problems(
    page: Page,
    addresses: list[str],
    inspection: Inspection,
    shoot: Callable[..., None],
    who: str,
) -> list[str]:
    """Return what is wrong on each of these pages; the page must be the one asked for."""
    found = []
    for address in addresses:
        answer = page.goto(address)
        if answer is None or answer.status != 200 or not page.url.endswith(address):
            pytest.fail(f"{address} answered {answer and answer.status} at {page.url}")
        found += inspection.of(page)
        shoot(page, f"{who}{address.replace('/', '-').rstrip('-')}", every=False)
    return found
