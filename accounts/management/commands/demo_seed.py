"""Make the demo's member of staff; everybody else signs up through the simulator, as people do."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import User
from spotsite import env

STAFF_EMAIL = "staff@example.org"
PASSWORD_SETTING = "DEMO_STAFF_PASSWORD"  # noqa: S105 -- where it is, not what it is


class Command(BaseCommand):
    help = "Make the demo's staff account from DEMO_STAFF_PASSWORD; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("demo_seed runs only where DEMO=True.")
        password = env.text(PASSWORD_SETTING)
        if not password:
            raise CommandError(f"Set {PASSWORD_SETTING}: the password of {STAFF_EMAIL}.")
        with transaction.atomic():
            _seed_staff(password)


def _seed_staff(password: str) -> None:
    staff, _ = User.objects.update_or_create(
        email=STAFF_EMAIL,
        defaults={"is_staff": True, "is_superuser": True, "is_active": True},
        create_defaults={"name": "Staff", "is_staff": True, "is_superuser": True},
    )
    if not staff.check_password(password):  # setting it again would end the open sessions
        staff.set_password(password)
        staff.save(update_fields=["password"])
    EmailAddress.objects.update_or_create(
        user=staff, email=STAFF_EMAIL, defaults={"verified": True, "primary": True}
    )
