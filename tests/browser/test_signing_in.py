"""The ways in that need no provider: e-mail and code, password, passkey, authenticator app."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Inspection, Watch, code_in_last_mail, sign_in

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def by_name(base_url: str, settings: Any) -> str:
    """The site under a name: a browser makes no passkey for 127.0.0.1."""
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "localhost"]
    return f"http://localhost:{urlsplit(base_url).port}"


@pytest.fixture
def passkeys(page: Page) -> None:
    """Give the browser a device that keeps passkeys and always says yes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def test_a_person_joins_with_an_address_and_the_code_mailed_to_it(
    page: Page, inspection: Inspection, shoot: Callable[..., None]
) -> None:
    page.goto("/")
    page.get_by_role("link", name="Join with an e-mail address").click()
    page.get_by_label("Email").fill("bea@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    code = page.get_by_label("Code")
    expect(code).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "code", every=False)

    code.fill("ZZZ-ZZZ")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Code").fill(code_in_last_mail())
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert get_user_model().objects.get().email == "bea@example.org"


def test_a_mailed_code_signs_a_person_in_without_a_password(
    page: Page, ann: AbstractBaseUser
) -> None:
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Mail me a code").click()
    page.get_by_label("Email").fill("ann@example.org")
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Code").fill(code_in_last_mail())
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_forgotten_password_is_changed_with_a_mailed_code(
    page: Page, ann: AbstractBaseUser
) -> None:
    page.goto("/accounts/password/reset/")
    page.get_by_label("Email").fill("ann@example.org")
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Code").fill(code_in_last_mail())
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("New Password", exact=True).fill("another-horse-8")
    page.get_by_label("New Password (again)").fill("another-horse-8")
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()

    ann.refresh_from_db()
    assert ann.check_password("another-horse-8")


def test_a_passkey_is_added_and_signs_a_person_in(
    page: Page, by_name: str, ann: AbstractBaseUser, passkeys: None, watch: Watch
) -> None:
    watch.site = by_name
    sign_in(page, ann, site=by_name)
    page.goto(f"{by_name}/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{by_name}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_passkey_at_an_address_without_a_name_is_explained(
    page: Page, ann: AbstractBaseUser, base_url: str, passkeys: None
) -> None:
    sign_in(page, ann, site=base_url)
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add the passkey").click()

    expect(page.get_by_role("status")).to_contain_text("Passkeys need a site with a name")


def test_an_authenticator_app_is_asked_for_after_the_password(
    page: Page,
    ann: AbstractBaseUser,
    base_url: str,
    settings: Any,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    settings.MFA_TOTP_TOLERANCE = 1  # the half minute may end between reading and typing
    sign_in(page, ann, site=base_url)
    page.goto("/accounts/2fa/totp/activate/")
    secret = page.locator("#authenticator_secret").inner_text()
    page.get_by_label("Authenticator code").fill(six_figures(secret))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    spare = re.findall(r"^\w{8,}$", page.locator("#recovery_codes").inner_text(), re.MULTILINE)
    assert len(spare) == 10
    assert inspection.of(page) == []

    for code in (six_figures(secret), spare[0]):
        page.get_by_role("button", name="Sign out").click()
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill("ann@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    shoot(page, "signed-in", every=False)


def six_figures(secret: str) -> str:
    """Return what an authenticator app would show now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))
