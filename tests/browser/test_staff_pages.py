"""The staff's pages under the strict Content-Security-Policy and before axe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AbstractBaseUser
from playwright.sync_api import Page, expect

from accounts.models import Credential, CredentialEvent, ProviderState, User
from playlists.models import Calls, Pause, Run, Version
from spotsite import clock
from spotsite.staff import site
from tests.browser.conftest import Inspection, Watch, sign_in


def test_staff_pages_run_under_the_strict_policy(
    page: Page,
    base_url: str,
    ann: AbstractBaseUser,
    watch: Watch,
    shoot: Callable[..., None],
) -> None:
    ann.is_staff = ann.is_superuser = True
    ann.save()
    sign_in(page, ann, site=base_url)
    lists = [
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in site._registry
    ]
    assert lists

    page.goto("/admin/")
    expect(page.get_by_role("link", name="View site")).to_be_visible()
    shoot(page, "staff", every=False)
    for address in [*lists, f"/admin/accounts/user/{ann.pk}/change/"]:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
    shoot(page, "staff-person", every=False)
    assert watch.complaints == []


PAGES = (
    "",
    "accounts/credential/",
    "accounts/credential/{credential.pk}/change/",
    "accounts/credentialevent/",
    "accounts/providerstate/",
    "accounts/providerstate/{state.pk}/change/",
    "accounts/user/",
    "socialaccount/socialaccount/",
    "socialaccount/socialaccount/{account.pk}/change/",
    "playlists/run/",
    "playlists/run/{run.pk}/change/",
    "playlists/version/",
    "playlists/pause/",
    "playlists/calls/",
    "django_celery_beat/periodictask/",
)


@pytest.fixture
def rows(ann: AbstractBaseUser) -> dict[str, object]:
    """One of each row that staff look at, with something to see on it."""
    user = User.objects.get(pk=ann.pk)
    account = SocialAccount.objects.create(user=user, provider="spotify", uid="u1", extra_data={})
    now = clock.now()
    credential = Credential.objects.create(
        account=account, provider="spotify", status="suspect", suspect_since=now, probes=1
    )
    CredentialEvent.objects.create(account=account, user=user, kind="doubted", code="x")
    run = Run.objects.create(
        user=user, account=account, mode="replace", name="Mine", wanted=[], state=Run.State.DONE
    )
    Version.objects.create(account=account, playlist_id="p1", digest="d", cause="before", run=run)
    Pause.objects.create(bucket="search", until=now, reason="quota")
    Calls.objects.create(hour=now, group="me", person=user, count=3)
    state = ProviderState.objects.create(provider="spotify", frozen_at=now)
    return {"credential": credential, "run": run, "account": account, "state": state}


@pytest.fixture
def staff(page: Page, ann: AbstractBaseUser, base_url: str) -> Page:
    ann.is_staff = ann.is_superuser = True
    ann.save()
    sign_in(page, ann, site=base_url)
    return page


def test_axe_finds_nothing_on_staffs_pages(
    staff: Page, rows: dict[str, object], inspection: Inspection
) -> None:
    found = []
    for address in PAGES:
        answer = staff.goto("/admin/" + address.format(**rows))
        assert answer is not None
        assert answer.status == 200
        found += inspection.axe(staff, preload=False)

    assert found == []


def test_staff_are_asked_before_they_unfreeze(
    staff: Page, rows: dict[str, object], inspection: Inspection, shoot: Callable[..., None]
) -> None:
    staff.goto("/admin/accounts/providerstate/")
    staff.get_by_role("checkbox", name="Select this object").check()
    staff.get_by_label("Action:").select_option("unfreeze")
    staff.get_by_role("button", name="Go").click()

    expect(staff.get_by_role("heading", name="Take verdicts again?")).to_be_visible()
    assert inspection.axe(staff, preload=False) == []
    shoot(staff, "unfreeze", every=False)
    staff.get_by_role("link", name="Leave it frozen").click()
    expect(staff.get_by_text("provider state")).not_to_have_count(0)
    assert ProviderState.objects.get().frozen_at is not None

    staff.get_by_role("checkbox", name="Select this object").check()
    staff.get_by_label("Action:").select_option("unfreeze")
    staff.get_by_role("button", name="Go").click()
    staff.get_by_role("button", name="Unfreeze").click()

    expect(staff.get_by_text("Unfrozen: spotify.")).to_be_visible()
    assert ProviderState.objects.get().frozen_at is None
