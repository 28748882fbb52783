"""The staff's pages under the strict Content-Security-Policy."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import AbstractBaseUser
from playwright.sync_api import Page, expect

from spotsite.staff import site
from tests.browser.conftest import Watch, sign_in


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
