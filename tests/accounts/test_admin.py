"""The staff's pages: who gets in, what they show, what they do, and what is on none of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import path, reverse
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import tokens, vault
from accounts.admin import CredentialAdmin
from accounts.models import Credential, CredentialEvent, DeletionRequest, ProviderState, User
from spotsite import beat, clock, staff
from tests.accounts.conftest import Link

PASSWORD = "correct horse battery staple"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

pytestmark = pytest.mark.django_db


def person(email: str, **fields: Any) -> User:
    user = User.objects.create_user(email, PASSWORD, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


@pytest.fixture
def boss() -> User:
    return person("boss@example.org", name="Boss", is_staff=True, is_superuser=True)


@pytest.fixture
def as_boss(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def sign_in(client: Client, email: str, password: str = PASSWORD) -> HttpResponse:
    return client.post("/accounts/login/?next=/admin/", {"login": email, "password": password})


def act(client: Client, model: type, action: str, *rows: Any) -> HttpResponse:
    """Choose rows of a list and an action, as staff do."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    chosen = [row.pk for row in rows]
    return client.post(address, {"action": action, "_selected_action": chosen}, follow=True)


# Who gets in


def test_a_stranger_is_sent_to_the_sign_in_that_everybody_uses() -> None:
    response = Client().get("/admin/", follow=True)

    assert response.redirect_chain[-1] == ("/accounts/login/?next=%2Fadmin%2F", 302)


def test_the_password_form_of_djangos_admin_does_not_exist(boss: User) -> None:
    response = Client().post("/admin/login/", {"username": boss.email, "password": PASSWORD})

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
    assert "sessionid" not in response.cookies


def test_staff_sign_in_and_land_on_the_staffs_pages(boss: User) -> None:
    client = Client()

    response = sign_in(client, "boss@example.org")

    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_a_person_who_is_not_staff_is_refused_on_every_page() -> None:
    client = Client()
    client.force_login(person("ada@example.org"))

    answers = {address: client.get(address, follow=True).status_code for address in addresses()}

    assert set(answers.values()) == {403}


def test_staff_without_a_permission_see_nothing_of_it() -> None:
    helper = person("helper@example.org", is_staff=True)
    client = Client()
    client.force_login(helper)
    assert client.get("/admin/accounts/user/").status_code == 403

    helper.user_permissions.add(Permission.objects.get(codename="view_user"))

    assert client.get("/admin/accounts/user/").status_code == 200
    assert client.get("/admin/accounts/credential/").status_code == 403


def test_the_sixth_bad_password_is_refused_and_the_right_one_then_too(boss: User) -> None:
    client = Client()
    for _ in range(5):
        assert "not correct" in sign_in(client, "boss@example.org", "wrong").text

    sixth = sign_in(client, "boss@example.org", "wrong")
    right = sign_in(client, "boss@example.org")

    assert "Too many failed login attempts" in sixth.text
    assert "Too many failed login attempts" in right.text
    assert client.get("/admin/").status_code == 302


def test_staff_with_a_second_factor_are_asked_for_it(boss: User) -> None:
    TOTP.activate(boss, TOTP_SECRET)
    client = Client()

    response = sign_in(client, "boss@example.org")
    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/admin/").status_code == 302

    code = format_hotp_value(hotp_value(TOTP_SECRET, next(yield_hotp_counters_from_time())))
    response = client.post(response["Location"], {"code": code})
    assert response["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_changing_a_password_leads_to_the_page_that_asks_who_one_is(as_boss: Client) -> None:
    response = as_boss.get("/admin/password_change/")

    assert (response.status_code, response["Location"]) == (302, "/accounts/password/change/")


# What is there


def test_only_what_we_registered_is_there(as_boss: Client) -> None:
    hidden = {SocialApp, SocialToken, EmailConfirmation, Authenticator, UserSession}

    shown = set(staff.site._registry)

    assert not shown & hidden
    assert {User, SocialAccount, Credential, CredentialEvent, LogEntry} <= shown
    for address in (
        *("socialaccount/socialtoken/", "socialaccount/socialapp/", "mfa/authenticator/"),
        *("usersessions/usersession/", "django_celery_beat/solarschedule/"),
    ):
        assert as_boss.get(f"/admin/{address}").status_code == 404


def test_the_menu_leads_to_everything_that_was_registered(as_boss: Client) -> None:
    labels = {label for labels in staff.MENU.values() for label in labels}

    page = as_boss.get("/admin/").text

    assert labels == {model._meta.label for model in staff.site._registry}
    assert "Linked accounts" in page
    assert page.count('href="/admin/playlists/run/"') >= 1


def test_every_page_has_the_strict_policy_and_no_inline_script_or_style(
    everything: User, as_boss: Client
) -> None:
    for address in addresses():
        response = as_boss.get(address)
        assert response.status_code == 200, address
        assert "unsafe" not in response["Content-Security-Policy"]
        # A script with an id and data attributes but no text is how Django hands over constants.
        assert re.findall(r"<style|\son\w+=|\sstyle=", response.text) == [], address
        scripts = re.findall(
            r"<script(?![^>]*src=)([^>]*)>(.*?)</script>", response.text, re.DOTALL
        )
        assert [text for kind, text in scripts if "json" not in kind and text.strip()] == []


@pytest.mark.parametrize(
    "address",
    [
        "accounts/user",
        "accounts/credential",
        "accounts/credentialevent",
        "socialaccount/socialaccount",
    ],
)
def test_list_asks_the_database_as_often_for_three_rows_as_for_one(
    as_boss: Client,
    link: Link,
    address: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    link("ada")
    as_boss.get(f"/admin/{address}/")  # content types are read once a process
    with CaptureQueriesContext(connection) as one:
        as_boss.get(f"/admin/{address}/")

    link("ben", "cleo")
    with django_assert_num_queries(len(one)):
        page = as_boss.get(f"/admin/{address}/")
    assert page.text.count('name="_selected_action"') in {0, 3, 4}


def test_people_are_listed_with_how_many_ways_in_they_have(as_boss: Client, link: Link) -> None:
    user = link("ada").account.user
    EmailAddress.objects.create(user=user, email="ada@example.org", verified=True)
    EmailAddress.objects.create(user=user, email="other@example.org", verified=False)

    people = {row.pk: row for row in as_boss.get("/admin/accounts/user/").context["cl"].result_list}

    assert people[user.pk].ways_in_total == 2  # the address and Spotify; the password is unusable
    assert people[user.pk].accounts_total == 1


# What it shows


@pytest.fixture
def everything(boss: User, link: Link) -> User:
    """One row of each kind, with secrets wherever the site keeps some."""
    credential = link("ada")
    TOTP.activate(boss, TOTP_SECRET)
    ProviderState.objects.get_or_create(provider="spotify")
    beat.make_rows()
    DeletionRequest.objects.create(code="abc", kind="deletion", uid_digest="d" * 64)
    LogEntry.objects.create(
        user=boss, action_flag=2, object_id=str(credential.pk), object_repr="spotify credential"
    )
    return boss


def addresses() -> list[str]:
    """Every list of the staff's site, and of every row its page and its history."""
    found = [reverse("admin:index")]
    for model in staff.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist"))
        for row in model._default_manager.all()[:5]:
            found += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history")]
    return found


def secrets() -> dict[str, str]:
    """All that must be on no page: tokens, their ciphertexts however written, hashes, keys."""
    found = {"totp": TOTP_SECRET}
    for user in User.objects.exclude(password=""):
        found[f"password of {user.pk}"] = user.password
    for credential in Credential.objects.all():
        for column in ("refresh_ct", "access_ct"):
            sealed = bytes(getattr(credential, column))
            token = vault.unseal(sealed, context=credential.context(column)).reveal()
            found |= {
                f"token {column}": token,
                f"hex {column}": sealed.hex(),
                f"base64 {column}": base64.b64encode(sealed).decode()[:40],
                f"base64 url {column}": base64.urlsafe_b64encode(sealed).decode()[:40],
                f"repr {column}": repr(sealed)[2:30],
                f"field {column}": column,
            }
    return found


def leaks(page: str) -> set[str]:
    return {name for name, secret in secrets().items() if secret in page}


def test_no_page_shows_a_token_its_ciphertext_or_a_hash(everything: User, as_boss: Client) -> None:
    assert len(secrets()) >= 13

    seen = {address: leaks(as_boss.get(address).text) for address in addresses()}

    assert {address: found for address, found in seen.items() if found} == {}


class CarelessAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What the test must be able to see."""

    list_display = ("refresh_ct", "token", "hexed")

    def token(self, row: Credential) -> str:
        sealed = bytes(row.access_ct or b"")
        return vault.unseal(sealed, context=row.context("access_ct")).reveal()

    def hexed(self, row: Credential) -> str:
        return bytes(row.refresh_ct or b"").hex()


careless = staff.StaffSite(name="admin")
careless.register(Credential, CarelessAdmin)
urlpatterns = [path("admin/", careless.urls)]


def test_the_test_above_would_see_a_page_that_shows_them(
    everything: User, as_boss: Client, settings: Settings
) -> None:
    settings.ROOT_URLCONF = __name__

    page = as_boss.get("/admin/accounts/credential/").text

    assert leaks(page) >= {"token access_ct", "hex refresh_ct", "field refresh_ct"}


@pytest.mark.parametrize(
    "query",
    [
        "user/?password__startswith=argon2",
        "credential/?refresh_ct__isnull=False",
        "credential/?account__user__password__startswith=argon2",
        "credentialevent/?user__password__startswith=argon2",
    ],
)
def test_a_column_without_a_filter_cannot_be_guessed_by_filtering(
    as_boss: Client, query: str
) -> None:
    assert as_boss.get(f"/admin/accounts/{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        *("accounts/user/?is_active__exact=1", "accounts/user/?socialaccount__provider=spotify"),
        *("accounts/credential/?status__exact=ok", "accounts/credential/?key_id__isnull=True"),
        *("accounts/credentialevent/?at__year=2026", "playlists/run/?state__exact=done"),
        *("playlists/run/?created_at__year=2026", "admin/logentry/?action_flag__exact=2"),
    ],
)
def test_the_filters_that_are_shown_work(as_boss: Client, query: str) -> None:
    assert as_boss.get(f"/admin/{query}").status_code == 200


# What it does


def test_refresh_now_makes_the_credential_due_and_says_who_asked(
    as_boss: Client, boss: User, link: Link
) -> None:
    credential = link("ada")

    response = act(as_boss, Credential, "refresh_now", credential)

    assert "Refresh asked for: 1 of those chosen." in response.text
    assert list(Credential.objects.due()) == [credential]
    assert events(credential)[-1] == ("staff", "refresh_asked")
    assert log() == [(boss.pk, f"credential {credential.pk}", "Refresh asked for.")]


def test_require_reconnect_erases_the_tokens_and_says_who_asked(
    as_boss: Client, boss: User, link: Link
) -> None:
    credential, other = link("ada", "ben")

    act(as_boss, Credential, "require_reconnect", credential)

    credential.refresh_from_db()
    assert credential.status == Credential.Status.NEEDS_RECONNECT
    assert (credential.refresh_ct, credential.access_ct, credential.key_id) == (None, None, None)
    assert ("staff", "reconnect_required") in events(credential)
    assert log()[-1][0] == boss.pk
    assert tokens.access_token_for(other.pk).secret  # the others stay


def test_staff_who_may_only_look_cannot_act(link: Link) -> None:
    credential = link("ada")
    helper = person("helper@example.org", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_credential"))
    client = Client()
    client.force_login(helper)

    act(client, Credential, "require_reconnect", credential)

    credential.refresh_from_db()
    assert credential.status == Credential.Status.OK
    assert not hasattr(CredentialAdmin, "save_form_data")


@pytest.fixture
def frozen(link: Link) -> ProviderState:
    """A provider that refuses two accounts, one of them for longer than a day."""
    for credential, hours, probes in zip(link("ada", "ben"), (30, 2), (3, 1), strict=True):
        credential.status = Credential.Status.SUSPECT
        credential.suspect_since = clock.now() - timedelta(hours=hours)
        credential.probes = probes
        credential.save()
    return ProviderState.objects.create(provider="spotify", frozen_at=clock.now())


def test_unfreezing_says_first_what_happens_and_changes_nothing(
    as_boss: Client, frozen: ProviderState
) -> None:
    page = act(as_boss, ProviderState, "unfreeze", frozen).text

    frozen.refresh_from_db()
    assert frozen.frozen_at is not None
    assert "2 accounts are suspect" in page
    assert "1 of them was refused for longer than a day" in page
    assert "their tokens are erased" in page
    assert log() == []


def test_unfreezing_takes_verdicts_again_and_says_who_did_it(
    as_boss: Client, boss: User, frozen: ProviderState
) -> None:
    answer = confirm(as_boss, frozen)

    frozen.refresh_from_db()
    assert frozen.frozen_at is None
    assert "Unfrozen: spotify." in answer.text
    assert log() == [
        (boss.pk, "provider state spotify", "Unfrozen; accounts that were suspect: 2.")
    ]


def test_what_is_not_frozen_is_not_unfrozen(as_boss: Client, frozen: ProviderState) -> None:
    ProviderState.objects.update(frozen_at=None)

    assert "Nothing of that is frozen." in act(as_boss, ProviderState, "unfreeze", frozen).text
    assert "Nothing of that is frozen." in confirm(as_boss, frozen).text
    assert log() == []


def test_staff_who_may_only_look_cannot_unfreeze(frozen: ProviderState) -> None:
    helper = person("helper@example.org", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_providerstate"))
    client = Client()
    client.force_login(helper)

    confirm(client, frozen)

    frozen.refresh_from_db()
    assert frozen.frozen_at is not None
    helper.user_permissions.add(Permission.objects.get(codename="change_providerstate"))
    confirm(client, frozen)
    frozen.refresh_from_db()
    assert frozen.frozen_at is None


def confirm(client: Client, state: ProviderState) -> HttpResponse:
    """Send what the page that asks sends."""
    form = {"action": "unfreeze", "_selected_action": [state.pk], "confirmed": "yes"}
    return client.post("/admin/accounts/providerstate/", form, follow=True)


def test_a_person_who_is_shut_out_is_out_at_once(as_boss: Client) -> None:
    ada = person("ada@example.org")
    browser = Client()
    assert sign_in(browser, "ada@example.org").status_code == 302
    assert browser.get("/connections/").status_code == 200

    act(as_boss, User, "shut_out", ada)

    assert browser.get("/connections/").status_code == 302
    act(as_boss, User, "let_in_again", ada)
    assert sign_in(Client(), "ada@example.org")["Location"] == "/admin/"
    assert [(entry[1], entry[2]) for entry in log()] == [
        (f"user {ada.pk}", "Shut out."),
        (f"user {ada.pk}", "Let in again."),
    ]


def test_nobody_shuts_out_themselves(as_boss: Client, boss: User) -> None:
    act(as_boss, User, "shut_out", boss)
    as_boss.post(f"/admin/accounts/user/{boss.pk}/change/", {})

    boss.refresh_from_db()
    assert (boss.is_active, boss.is_staff, boss.is_superuser) == (True, True, True)


def test_staff_cannot_make_themselves_superusers_or_shut_one_out(boss: User) -> None:
    helper, ada = person("helper@example.org", is_staff=True), person("ada@example.org")
    helper.user_permissions.add(*Permission.objects.filter(codename__endswith="_user"))
    client = Client()
    client.force_login(helper)

    client.post(
        f"/admin/accounts/user/{ada.pk}/change/",
        {"is_active": "on", "is_staff": "on", "is_superuser": "on"},
    )
    act(client, User, "shut_out", boss)

    ada.refresh_from_db()
    boss.refresh_from_db()
    assert (ada.is_staff, ada.is_superuser, boss.is_active) == (False, False, True)


def test_only_superusers_say_what_a_group_may() -> None:
    helper = person("helper@example.org", is_staff=True)
    helper.user_permissions.add(*Permission.objects.filter(codename__endswith="_group"))
    client = Client()
    client.force_login(helper)

    answer = client.post("/admin/auth/group/add/", {"name": "All", "permissions": []})

    assert answer.status_code == 403


def test_a_person_whom_staff_delete_is_gone_with_all_that_hung_on_them(
    as_boss: Client, boss: User, link: Link
) -> None:
    ada = link("ada").account.user

    page = as_boss.get(f"/admin/accounts/user/{ada.pk}/delete/")
    response = as_boss.post(f"/admin/accounts/user/{ada.pk}/delete/", {"post": "yes"})

    assert (page.status_code, response.status_code) == (200, 302)
    assert list(User.objects.all()) == [boss]
    assert not Credential.objects.exists()
    assert not SocialAccount.objects.exists()
    assert log() == [(boss.pk, f"user {ada.pk}", "")]


def test_staff_are_not_deleted_before_their_rights_are_taken_off(as_boss: Client) -> None:
    helper = person("helper@example.org", is_staff=True)

    page = as_boss.get(f"/admin/accounts/user/{helper.pk}/delete/")
    act_delete(as_boss, helper)

    assert page.status_code == 403
    assert User.objects.filter(pk=helper.pk).exists()


def act_delete(client: Client, *rows: User) -> None:
    chosen = [row.pk for row in rows]
    client.post(
        "/admin/accounts/user/",
        {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
    )


def events(credential: Credential) -> list[tuple[str, str]]:
    rows = CredentialEvent.objects.filter(account=credential.account).order_by("pk")
    return list(rows.values_list("kind", "code"))


def log() -> list[tuple[int, str, str]]:
    rows = LogEntry.objects.order_by("pk")
    return list(rows.values_list("user_id", "object_repr", "change_message"))


@pytest.fixture(autouse=True)
def _no_leftover_site() -> Iterator[None]:
    yield
    admin.sites.all_sites.discard(careless)
