"""The export: everything about a person, nothing of anybody else, and no secret."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from accounts import export, tokens
from accounts.models import Credential, User
from simulator.control_client import Control
from tests.people import forget_sign_in, give_email, give_passkey
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


def files(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def test_export_holds_every_section(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    give_email(User.objects.get())

    answer = visitor.post("/account/export/")
    found = files(answer.content)

    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="spotsite-account.zip"'
    assert set(found) == {"about.json", *(f"{name}.json" for name in export.sections)}
    assert {"profile", "email_addresses", "linked_accounts", "sessions"} <= set(export.sections)
    assert found["profile.json"]["email"] == "ada@example.org"
    (account,) = found["linked_accounts.json"]
    assert account["as_the_provider_described_it"]["id"] == "ada"
    assert account["credential"]["state"] == "ok"
    assert found["history_of_links.json"][0]["what"] == "consent given"


def test_export_holds_no_secret(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    user = User.objects.get()
    give_passkey(user)
    user.set_password("a long enough password")
    user.save()
    credential = Credential.objects.get()
    secrets = [
        tokens.access_token_for(credential.pk).secret.reveal(),
        bytes(credential.refresh_ct or b"").hex(),
        user.password,
        str(visitor.session.session_key),
    ]

    text = json.dumps(files(export.archive(user)))

    assert credential.refresh_ct
    assert [secret in text for secret in secrets] == [False] * len(secrets)
    assert "refresh_ct" not in text
    assert "credProps" not in text


def test_export_holds_nobody_else(visitor: Visitor) -> None:
    Visitor(visitor.sim).sign_in("spotify", "grace")
    visitor.sign_in("spotify", "ada")

    text = json.dumps(files(visitor.post("/account/export/").content))

    assert "ada" in text
    assert "grace" not in text.lower()


def test_export_asks_for_a_fresh_sign_in(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    forget_sign_in(visitor)

    answer = visitor.post("/account/export/")

    assert answer["Location"] == "/sign-in-again/?next=%2Faccount%2Fexport%2F"


def test_other_apps_add_their_sections(db: None) -> None:
    user = User.objects.create_user(name="Ada")
    export.sections["test"] = lambda person: {"name": person.name}

    found = files(export.archive(user))

    del export.sections["test"]
    assert found["test.json"] == {"name": "Ada"}
