"""The demo's member of staff: made once, its password set again, and nowhere but in a demo."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_STAFF_PASSWORD", "first password of staff")


def test_seed_makes_a_member_of_staff_whose_address_is_verified() -> None:
    call_command("demo_seed")

    staff = User.objects.get()
    assert (staff.email, staff.is_staff, staff.is_superuser) == ("staff@example.org", True, True)
    assert staff.check_password("first password of staff")
    assert EmailAddress.objects.filter(user=staff, verified=True, primary=True).count() == 1


def test_seeding_again_changes_nothing_but_a_new_password(monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("demo_seed")
    before = User.objects.get()

    call_command("demo_seed")
    assert User.objects.get().password == before.password

    monkeypatch.setenv("DEMO_STAFF_PASSWORD", "second password of staff")
    call_command("demo_seed")
    assert User.objects.get().pk == before.pk
    assert User.objects.get().check_password("second password of staff")
    assert EmailAddress.objects.count() == 1


def test_seed_refuses_where_there_is_no_demo(settings: Settings) -> None:
    settings.DEMO = False

    with pytest.raises(CommandError, match="only where DEMO=True"):
        call_command("demo_seed")

    assert not User.objects.exists()


def test_seed_without_a_password_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_STAFF_PASSWORD")

    with pytest.raises(CommandError, match="Set DEMO_STAFF_PASSWORD"):
        call_command("demo_seed")
