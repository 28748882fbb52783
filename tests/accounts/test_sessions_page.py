"""Where a person is signed in: list it, end one, end all the others."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from simulator.control_client import Control
from tests.people import give_email
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browsers(sim: Control) -> list[Visitor]:
    """Three browsers in which Ada is signed in."""
    return [signed_in(sim, f"Browser {number}") for number in range(3)]


def signed_in(sim: Control, name: str, user: str = "ada") -> Visitor:
    visitor = Visitor(sim, headers={"user-agent": name})
    visitor.sign_in("spotify", user)
    return visitor


def row(name: str) -> UserSession:
    return UserSession.objects.get(user_agent=name)


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/account/sessions/").status_code == 200


def test_page_lists_every_browser_and_marks_this_one(browsers: list[Visitor]) -> None:
    page = browsers[0].get("/account/sessions/").content.decode()

    assert [f"Browser {number}" in page for number in range(3)] == [True, True, True]
    assert page.count(">this one</span>") == 1
    assert page.count("/end/") == 2


@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_queries_for_one_and_three_sessions(sim: Control, count: int) -> None:
    visitors = [signed_in(sim, f"Browser {number}") for number in range(count)]
    visitors[0].get("/account/sessions/")  # shows once what the sign-in said, and forgets it

    with CaptureQueriesContext(connection) as seen:
        answer = visitors[0].get("/account/sessions/")

    assert answer.content.decode().count("Browser") >= count
    assert len(seen) == 6  # the last counts the notices for the header


def test_ending_one_session_ends_that_one(browsers: list[Visitor]) -> None:
    browsers[0].post(f"/account/sessions/{row('Browser 1').pk}/end/")

    assert [is_in(visitor) for visitor in browsers] == [True, False, True]


def test_ending_the_others_keeps_this_one(browsers: list[Visitor]) -> None:
    browsers[0].post("/account/sessions/end-others/")

    assert [is_in(visitor) for visitor in browsers] == [True, False, False]


def test_ending_this_one_signs_out(browsers: list[Visitor]) -> None:
    answer = browsers[0].post(f"/account/sessions/{row('Browser 0').pk}/end/")

    assert answer["Location"] == "/"
    assert [is_in(visitor) for visitor in browsers] == [False, True, True]


def test_session_of_somebody_else_is_not_found(browsers: list[Visitor], sim: Control) -> None:
    stranger = signed_in(sim, "Stranger", "grace")

    answer = stranger.post(f"/account/sessions/{row('Browser 0').pk}/end/")

    assert answer.status_code == 404
    assert is_in(browsers[0])


def test_signing_out_ends_the_session_on_the_server(browsers: list[Visitor]) -> None:
    key = str(browsers[0].session.session_key)
    browsers[0].post("/accounts/logout/")

    thief = Visitor(browsers[0].sim)
    thief.cookies["sessionid"] = key

    assert not is_in(thief)


def test_switching_somebody_off_ends_their_sessions(browsers: list[Visitor]) -> None:
    User.objects.update(is_active=False)

    assert [is_in(visitor) for visitor in browsers] == [False, False, False]


def test_allauths_list_leads_to_ours(browsers: list[Visitor]) -> None:
    assert browsers[0].get("/accounts/sessions/")["Location"] == "/account/sessions/"


def test_account_page_names_the_ways_in(browsers: list[Visitor]) -> None:
    user: Any = User.objects.get()
    give_email(user)

    page = browsers[0].get("/account/").content.decode()

    assert "A code mailed to ada@example.org" in page
    assert "Spotify" in page
