"""A session that cannot be stored: its server is away, or somebody ended it in the meantime."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from accounts.models import User
from runner import control
from spotsite import urls

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("postgres_comes_back"),
]


def ended_elsewhere(request: HttpRequest) -> HttpResponse:
    """Do what happens where a session is ended on another device during a request."""
    request.session["seen"] = True
    Session.objects.filter(pk=request.session.session_key).delete()
    return HttpResponse("done")


def ended_before_it_is_saved_here(request: HttpRequest) -> HttpResponse:
    ended_elsewhere(request)
    request.session.save()  # as allauth does when it stashes a state
    return HttpResponse("done")


def store_goes_away(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = True
    control.ask("stop", "postgres")
    return HttpResponse("done")


def store_becomes_a_replica(request: HttpRequest) -> HttpResponse:
    """It answers, so that pages can be read, and takes nothing."""
    request.session["seen"] = True
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    return HttpResponse("done")


urlpatterns = [
    *urls.urlpatterns,
    path("test/ended/", ended_elsewhere),
    path("test/ended/here/", ended_before_it_is_saved_here),
    path("test/away/", store_goes_away),
    path("test/replica/", store_becomes_a_replica),
]
handler400, handler500 = urls.handler400, urls.handler500


@pytest.fixture
def postgres_comes_back(transactional_db: None) -> Iterator[None]:
    yield
    if "postgres" not in control.running():
        control.ask("start", "postgres")
    connection.close()


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client(raise_request_exception=False)
    user = User.objects.create_user(name="Ada")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    with override_settings(ROOT_URLCONF=__name__):
        yield client


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("address", ["/test/away/", "/test/replica/"])
def test_a_store_that_is_away_is_an_outage_and_no_bad_request(
    client: Client, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get(address)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "Back in a moment" in words(answer)
    assert "sessionid" not in answer.cookies
    (said,) = [row.getMessage() for row in caplog.records if row.levelname == "ERROR"]
    assert said.startswith("the database is away: ")
    assert "Session" not in said


@pytest.mark.parametrize("address", ["/test/ended/", "/test/ended/here/"])
def test_who_was_signed_out_meanwhile_is_told_so(client: Client, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 409
    assert "You were signed out meanwhile" in words(answer)
    assert 'href="/accounts/login/"' in words(answer)
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert answer.cookies["sessionid"].value == ""
    assert client.get("/connections/").status_code == 302


def test_a_program_is_told_so_in_json(client: Client) -> None:
    answer = client.get("/test/ended/", headers={"Accept": "application/json"})

    assert answer.status_code == 409
    assert answer.json() == {"ok": False, "error": "signed_out"}


def test_a_bad_request_stays_one(client: Client) -> None:
    answer = client.get("/", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 400
    assert "That request could not be read" in words(answer)
