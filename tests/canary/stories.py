"""Every path on which a provider's token comes in; each a short story."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import user_logged_in
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core import mail
from django.test import override_settings

from accounts import tasks, tokens
from accounts.models import Credential, User
from tests.canary.watch import Browser, Watch
from tests.people import LONG_AGO, RECORDS, give_email

Story = Callable[[Watch], None]

PASSWORD = "a long enough password"


def _signed_in(watch: Watch, provider: str = "spotify", user: str = "ada") -> Browser:
    browser = watch.browser()
    assert browser.sign_in(provider, user).status_code == 302
    assert "_auth_user_id" in browser.session
    return browser


def _again(watch: Watch, provider: str = "spotify", user: str = "ada") -> tuple[Browser, str]:
    """Sign in once more from a new browser; return where it leads."""
    browser = watch.browser()
    return browser, browser.sign_in(provider, user)["Location"]


def _set(browser: Browser, **values: Any) -> None:
    session = browser.session
    session.update(values)
    session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key


def _age(browser: Browser) -> None:
    old = [one | {"at": one["at"] - LONG_AGO} for one in browser.session[RECORDS]]
    _set(browser, **{RECORDS: old})


def _with_password(watch: Watch) -> Browser:
    """Somebody who has a password, and signed in with it just now."""
    user = User.objects.create_user(name="Grace")
    give_email(user, "grace@example.org", password=PASSWORD)
    browser = watch.browser()
    browser.post("/accounts/login/", {"login": "grace@example.org", "password": PASSWORD})
    assert "_auth_user_id" in browser.session
    return browser


def _setting_out(browser: Browser, provider: str = "spotify") -> Any:
    """Set out to connect; a password is asked first where there is one."""
    started = browser.post(f"/connections/connect/{provider}/")
    if not started["Location"].startswith("http"):
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
        started = browser.post(f"/connections/connect/{provider}/")
    return started


def first_sign_in_with_spotify(watch: Watch) -> None:
    browser = _signed_in(watch)
    for page in ("/", "/connections/", "/account/", "/account/sessions/", "/second-way-in/"):
        assert browser.get(page).status_code == 200


def first_sign_in_with_facebook(watch: Watch) -> None:
    browser = _signed_in(watch, "facebook")
    assert browser.get("/connections/").status_code == 200


def an_account_that_exists_signs_in(watch: Watch) -> None:
    for provider in ("spotify", "facebook"):
        _signed_in(watch, provider)
        _signed_in(watch, provider)


@override_settings(SOCIALACCOUNT_AUTO_SIGNUP=False)
def a_form_is_pending_and_abandoned(watch: Watch) -> None:
    browser, onward = _again(watch)
    assert onward == "/accounts/3rdparty/signup/"
    assert browser.get(onward).status_code == 200
    assert "socialaccount_sociallogin" in browser.session


@override_settings(SOCIALACCOUNT_AUTO_SIGNUP=False)
def a_form_is_filled_in(watch: Watch) -> None:
    browser, onward = _again(watch)
    browser.post(onward, {"email": "ada@example.org"})
    assert Credential.objects.get().status == "ok"


def an_address_has_to_be_verified_first(watch: Watch) -> None:
    _signed_in(watch)
    user = User.objects.get()
    EmailAddress.objects.create(user=user, email="ada@example.org", primary=True)
    mail.outbox.clear()
    with override_settings(SOCIALACCOUNT_EMAIL_VERIFICATION="mandatory"):
        browser, onward = _again(watch)
    assert onward == "/accounts/confirm-email/"
    assert "account_login" in browser.session
    code = next(line for line in mail.outbox[-1].body.split() if len(line) == 9 and "-" in line)
    browser.post(onward, {"code": code})
    assert "_auth_user_id" in browser.session


@override_settings(SOCIALACCOUNT_AUTO_SIGNUP=False, SOCIALACCOUNT_EMAIL_VERIFICATION="mandatory")
def a_new_person_has_to_verify_an_address(watch: Watch) -> None:
    browser, onward = _again(watch)
    browser.post(onward, {"email": "ada@example.org"})
    assert "account_login" in browser.session
    assert "_auth_user_id" not in browser.session


def a_second_factor_is_pending_and_given(watch: Watch) -> None:
    _signed_in(watch)
    user = User.objects.get()
    TOTP.activate(user, generate_totp_secret())
    codes = RecoveryCodes.activate(user).get_unused_codes()
    browser, onward = _again(watch)
    assert onward == "/accounts/2fa/authenticate/"
    assert "account_login" in browser.session
    browser.post(onward, {"code": codes[0]})
    assert "_auth_user_id" in browser.session


def a_mailed_code_is_pending(watch: Watch) -> None:
    _signed_in(watch)
    give_email(User.objects.get())
    with override_settings(ACCOUNT_LOGIN_BY_CODE_REQUIRED={"socialaccount"}):
        browser, onward = _again(watch)
    assert onward == "/accounts/login/code/confirm/"
    assert "account_login" in browser.session


def a_new_account_is_connected(watch: Watch) -> None:
    browser = _signed_in(watch)
    for provider in ("spotify", "facebook"):
        browser.get(browser.decide(_setting_out(browser, provider), "grace"))
    assert SocialAccount.objects.filter(user=User.objects.get()).count() == 3


def an_account_of_ones_own_is_connected_again(watch: Watch) -> None:
    browser = _signed_in(watch)
    before = Credential.objects.get().generation
    browser.get(browser.decide(_setting_out(browser), "ada"))
    assert Credential.objects.get().generation > before


def an_account_of_somebody_else_is_refused(watch: Watch) -> None:
    _signed_in(watch, user="grace")
    browser = _signed_in(watch)
    answer = browser.get(browser.decide(_setting_out(browser), "grace"))
    assert answer["Location"] == "/connections/conflict/"
    assert browser.get(answer["Location"]).status_code == 200


def an_account_of_somebody_else_is_moved(watch: Watch) -> None:
    _signed_in(watch, user="grace")
    browser = _signed_in(watch)
    browser.get(browser.decide(_setting_out(browser), "grace"))
    assert browser.post("/connections/conflict/move/").status_code == 302
    assert User.objects.get().socialaccount_set.count() == 2


def a_link_is_renewed(watch: Watch) -> None:
    browser = _signed_in(watch)
    account = SocialAccount.objects.get()
    started = browser.post(f"/connections/{account.pk}/reconnect/")
    assert browser.get(browser.decide(started, "ada"))["Location"] == "/connections/"


def a_person_deletes_themselves(watch: Watch) -> None:
    browser = _signed_in(watch)
    browser.get(browser.decide(_setting_out(browser, "facebook"), "ada"))
    browser.post("/account/delete/", {"words": "delete my account"})
    assert not User.objects.exists()


def a_link_waits_for_a_password(watch: Watch) -> None:
    browser = _with_password(watch)
    address = browser.decide(_setting_out(browser), "ada")
    _age(browser)
    assert browser.get(address)["Location"] == "/accounts/reauthenticate/"
    assert "token" in browser.session["account_reauthentication_state"]["state"]


def a_link_goes_on_after_a_password(watch: Watch) -> None:
    browser = _with_password(watch)
    address = browser.decide(_setting_out(browser), "ada")
    _age(browser)
    browser.get(address)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert Credential.objects.get().status == "ok"


def a_person_signs_in_again_before_a_change(watch: Watch) -> None:
    browser = _signed_in(watch)
    _age(browser)
    account = SocialAccount.objects.get()
    started = browser.post("/sign-in-again/", {"account": account.pk})
    answer = browser.get(browser.decide(started, "ada"))
    assert answer["Location"].startswith("/sign-in-again/done/")


@override_settings(SOCIALACCOUNT_EMAIL_AUTHENTICATION=True)
def an_address_of_somebody_here_comes_along(watch: Watch) -> None:
    """The provider's address would match a person's, were it asked for: it is not."""
    watch.sim.add_user("ada", name="Ada", email="ada@example.org")
    give_email(User.objects.create_user(name="Other"), "ada@example.org")
    _signed_in(watch, "facebook")
    assert User.objects.count() == 2


def a_link_is_ended(watch: Watch) -> None:
    browser = _signed_in(watch)
    browser.get(browser.decide(_setting_out(browser, "facebook"), "ada"))
    for account in SocialAccount.objects.order_by("provider")[:1]:
        assert browser.post(f"/connections/{account.pk}/disconnect/").status_code == 302
    assert SocialAccount.objects.count() == 1


def a_token_is_refreshed(watch: Watch) -> None:
    _signed_in(watch)
    watch.sim.switch(rotate=True)
    before = Credential.objects.get().generation
    tokens.refresh(Credential.objects.get().pk)
    tokens.ask_refresh(Credential.objects.get().pk)
    tasks.refresh_some.delay()
    assert Credential.objects.get().generation > before


def a_refresh_is_refused(watch: Watch) -> None:
    _signed_in(watch)
    watch.sim.revoke("ada", access_tokens=True)
    with pytest.raises(tokens.AccountError):
        tokens.refresh(Credential.objects.get().pk)


def a_person_takes_their_data_along(watch: Watch) -> None:
    browser = _signed_in(watch)
    answer = browser.get("/account/export/")
    if answer.status_code == 200 and not answer.streaming:
        return
    browser.post("/account/export/")


def a_person_says_no(watch: Watch) -> None:
    for provider in ("spotify", "facebook"):
        watch.browser().sign_in(provider, "ada", deny=True)
    assert not User.objects.exists()


def a_code_comes_without_its_state(watch: Watch) -> None:
    for provider in ("spotify", "facebook"):
        browser = watch.browser()
        address = browser.decide(browser.start(provider), "ada")
        assert watch.browser().get(address).status_code == 400


def somebody_is_not_on_the_allow_list(watch: Watch) -> None:
    assert watch.browser().sign_in("spotify", "zoe").status_code == 403


def the_provider_fails_halfway(watch: Watch) -> None:
    for path in ("/v1/me$", "/api/token", "/debug_token", "/oauth/access_token", "/v24.0/me$"):
        for fault in (
            {"status": 500},
            {"status": 200, "text": "access_token=x"},
            {"kind": "drop", "when": "after"},
            {"status": 400, "json": {"error": {"code": 1, "message": "x"}}},
        ):
            watch.sim.fault(path=path, times=None, **fault)
            provider = "spotify" if path in ("/v1/me$", "/api/token") else "facebook"
            assert watch.browser().sign_in(provider, "ada").status_code >= 400
            watch.sim.clear_faults()
    assert not User.objects.exists()


def the_site_itself_breaks(watch: Watch) -> None:
    """An error of ours, while tokens lie in the variables of the callback."""

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("a receiver of somebody's broke")

    user_logged_in.connect(fail)
    try:
        for provider in ("spotify", "facebook"):
            browser = watch.browser(raise_request_exception=False)
            assert browser.sign_in(provider, "ada").status_code == 500
    finally:
        user_logged_in.disconnect(fail)
    assert watch.reports


def a_token_of_another_app_comes_back(watch: Watch) -> None:
    foreign = watch.sim.facebook_token("ada", app_id="another-app")["secret"]
    watch.sim.fault(path="/oauth/access_token", status=200, json={"access_token": foreign})
    assert watch.browser().sign_in("facebook", "ada").status_code == 403


STORIES: list[Story] = [
    first_sign_in_with_spotify,
    first_sign_in_with_facebook,
    an_account_that_exists_signs_in,
    a_form_is_pending_and_abandoned,
    a_form_is_filled_in,
    an_address_has_to_be_verified_first,
    a_new_person_has_to_verify_an_address,
    a_second_factor_is_pending_and_given,
    a_mailed_code_is_pending,
    a_new_account_is_connected,
    an_account_of_ones_own_is_connected_again,
    an_account_of_somebody_else_is_refused,
    an_account_of_somebody_else_is_moved,
    a_link_is_renewed,
    a_person_deletes_themselves,
    a_link_waits_for_a_password,
    a_link_goes_on_after_a_password,
    a_person_signs_in_again_before_a_change,
    an_address_of_somebody_here_comes_along,
    a_link_is_ended,
    a_token_is_refreshed,
    a_refresh_is_refused,
    a_person_takes_their_data_along,
    a_person_says_no,
    a_code_comes_without_its_state,
    somebody_is_not_on_the_allow_list,
    the_provider_fails_halfway,
    a_token_of_another_app_comes_back,
    the_site_itself_breaks,
]
