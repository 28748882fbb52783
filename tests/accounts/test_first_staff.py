"""The first member of staff of a real site is made on the command line and proves an address."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db


def test_a_superuser_of_the_command_line_proves_their_address_and_gets_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery staple")
    call_command("createsuperuser", interactive=False, email="Boss@example.org", verbosity=0)
    client = Client()

    response = client.post(
        "/accounts/login/?next=/admin/",
        {"login": "boss@example.org", "password": "correct horse battery staple"},
    )
    assert response["Location"].startswith("/accounts/confirm-email/")
    assert client.get("/admin/").status_code == 302

    (code,) = re.findall(r"^\s*([A-Z0-9-]{6,})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    response = client.post(response["Location"], {"code": code})
    assert response["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert User.objects.get().is_superuser
