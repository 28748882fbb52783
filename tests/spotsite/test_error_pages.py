"""Errors get pages of ours, also where there is no request to render them with."""

from __future__ import annotations

import pytest
from django.template.loader import get_template
from django.test import Client, RequestFactory, override_settings
from django.views.defaults import bad_request, server_error


def test_an_error_of_ours_is_called_so() -> None:
    answer = server_error(RequestFactory().get("/"))

    assert answer.status_code == 500
    assert "Something went wrong here" in answer.content.decode()


def test_a_bad_request_gets_a_page() -> None:
    answer = bad_request(RequestFactory().get("/"), ValueError("secret detail"))

    assert answer.status_code == 400
    assert "That request could not be read" in answer.content.decode()
    assert "secret detail" not in answer.content.decode()


@pytest.mark.parametrize("name", ["403.html", "413.html", "429.html"])
def test_pages_for_refusals_need_nothing(name: str) -> None:
    assert 'href="/"' in get_template(name).render()


@pytest.mark.django_db
def test_a_form_without_its_token_is_asked_for_again() -> None:
    answer = Client(enforce_csrf_checks=True).post(
        "/accounts/login/", {"login": "a", "password": "b"}
    )

    assert answer.status_code == 403
    assert "Please send that form again" in answer.content.decode()


@pytest.mark.django_db
@override_settings(DEMO=True, SPOTIFY_AUTHORIZE_URL="https://accounts.spotify.com/authorize")
def test_the_bar_of_the_demo_names_only_what_is_simulated() -> None:
    page = Client().get("/").content.decode()

    assert "Facebook is played by a simulator" in page


@pytest.mark.django_db
@override_settings(DEMO=False)
def test_a_real_site_has_no_bar_of_the_demo() -> None:
    assert "demo" not in Client().get("/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/accounts/inactive/", "This account is switched off"),
        ("/accounts/3rdparty/login/cancelled/", "You stopped the sign-in"),
    ],
)
def test_the_ends_of_a_sign_in_are_in_our_words(path: str, title: str) -> None:
    page = Client().get(path).content.decode()

    assert f"<h1>{title}</h1>" in page
    assert f"<title>{title} · spotsite</title>" in page
    assert 'class="site-header"' in page
