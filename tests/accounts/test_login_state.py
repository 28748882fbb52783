"""Where a sign-in starts and comes back: state, errors, redirects, limits, session keys."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.backends.db import SessionStore
from django.test import override_settings

from accounts.models import User
from simulator.control_client import Control
from tests.people import forget_sign_in, give_email
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
PROVIDERS = ("spotify", "facebook")
CALLBACK = {one: f"/accounts/{one}/login/callback/" for one in PROVIDERS}


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


def calls(sim: Control) -> list[str]:
    return [row["path"] for row in sim.log() if not row["path"].startswith("/_sim/")]


def refused(visitor: Visitor, sim: Control, address: str) -> bool:
    """Say whether an address signs nobody in, asks the provider nothing and says the cause."""
    people = User.objects.count()
    sim.clear_log()
    answer = visitor.get(address)
    return (
        answer.status_code == 400
        and answer.context["cause"] == "state_lost"
        and calls(sim) == []
        and User.objects.count() == people
        and "_auth_user_id" not in visitor.session
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_missing_or_wrong_state_signs_nobody_in(
    visitor: Visitor, sim: Control, provider: str
) -> None:
    address = visitor.decide(visitor.start(provider), "ada")
    path, query = address.split("?")
    code = parse_qs(query)["code"][0]

    assert refused(visitor, sim, f"{path}?{urlencode({'code': code})}")
    assert refused(visitor, sim, f"{path}?{urlencode({'code': code, 'state': 'x' * 16})}")
    assert visitor.get(address).status_code == 302  # and the right one does


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_state_of_another_browser_signs_nobody_in(
    visitor: Visitor, sim: Control, provider: str
) -> None:
    address = visitor.decide(visitor.start(provider), "ada")

    assert refused(Visitor(sim), sim, address)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_state_works_once(visitor: Visitor, sim: Control, provider: str) -> None:
    address = visitor.decide(visitor.start(provider), "ada")
    visitor.get(address)
    visitor.logout()

    assert refused(visitor, sim, address)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_state_ends_after_ten_minutes(visitor: Visitor, sim: Control, provider: str) -> None:
    address = visitor.decide(visitor.start(provider), "ada")
    session = visitor.session
    session[statekit.STATES_SESSION_KEY] = {
        name: (state, at - statekit.STATE_TTL - 1, owner)
        for name, (state, at, owner) in session[statekit.STATES_SESSION_KEY].items()
    }
    session.save()

    assert refused(visitor, sim, address)


@pytest.mark.parametrize(("provider", "other"), [PROVIDERS, PROVIDERS[::-1]])
def test_a_state_of_one_provider_is_refused_at_the_other(
    visitor: Visitor, sim: Control, provider: str, other: str
) -> None:
    address = visitor.decide(visitor.start(provider), "ada")

    assert refused(visitor, sim, address.replace(CALLBACK[provider], CALLBACK[other]))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_person_who_says_no_reads_that_nothing_happened(visitor: Visitor, provider: str) -> None:
    answer = visitor.sign_in(provider, "ada", deny=True)

    assert (answer.status_code, answer.context["cause"]) == (200, "cancelled")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("error", "cause", "status"),
    [
        ("server_error", "unavailable", 503),
        ("temporarily_unavailable", "unavailable", 503),
        ("invalid_scope", "our_app", 502),
        ("unauthorized_client", "our_app", 502),
        ("<b>strange</b>", "unknown", 502),
    ],
)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_error_from_the_provider_is_a_page_without_its_words(
    visitor: Visitor, provider: str, error: str, cause: str, status: int
) -> None:
    state = parse_qs(urlsplit(visitor.start(provider)["Location"]).query)["state"][0]
    said = {"error": error, "error_description": "<script>alert(1)</script>", "state": state}

    answer = visitor.get(f"{CALLBACK[provider]}?{urlencode(said)}")

    assert (answer.status_code, answer.context["cause"]) == (status, cause)
    assert b"alert(1)" not in answer.content
    assert b"strange" not in answer.content


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_callback_without_code_and_error_is_a_page(visitor: Visitor, provider: str) -> None:
    state = parse_qs(urlsplit(visitor.start(provider)["Location"]).query)["state"][0]

    assert visitor.get(f"{CALLBACK[provider]}?state={state}").context["cause"] == "unknown"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_flow_starts_by_post_with_a_csrf_token_only(sim: Control, provider: str) -> None:
    strict = Visitor(sim, enforce_csrf_checks=True)
    address = f"/accounts/{provider}/login/"

    assert strict.get(address).status_code == 200
    assert strict.head(address).status_code == 405
    assert strict.post(address).status_code == 403
    assert statekit.STATES_SESSION_KEY not in strict.session


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_callback_takes_get_only(visitor: Visitor, provider: str) -> None:
    address = visitor.decide(visitor.start(provider), "ada")

    assert visitor.post(address).status_code == 405
    assert visitor.head(address).status_code == 405


@pytest.mark.parametrize("provider", PROVIDERS)
def test_callback_answers_are_neither_kept_nor_referred_to(visitor: Visitor, provider: str) -> None:
    good = visitor.sign_in(provider, "ada")
    bad = visitor.get(f"{CALLBACK[provider]}?code=x&state=y")

    for answer in (good, bad):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
    assert "code" not in good["Location"]


@pytest.mark.parametrize("name", ["facebook/login/token/", "spotify/login/token/"])
def test_there_is_no_sign_in_by_token(visitor: Visitor, name: str) -> None:
    assert visitor.post(f"/accounts/{name}", {"access_token": "x"}).status_code == 404


@pytest.mark.parametrize("process", ["redirect", "nonsense"])
def test_an_unknown_process_is_a_plain_sign_in(visitor: Visitor, process: str) -> None:
    visitor.sign_in("spotify", "ada", process=process)

    assert "_auth_user_id" in visitor.session


@pytest.mark.parametrize("provider", PROVIDERS)
def test_connecting_starts_at_our_own_page(visitor: Visitor, provider: str) -> None:
    answer = visitor.start(provider, process="connect")

    assert answer["Location"] == f"/connections/connect/{provider}/"


EVIL = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example/",
    "http:///evil.example",
    "%2f%2fevil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    "/x\r\nSet-Cookie: a=b",
    "/\x00/evil.example",
    " //evil.example",
    "\u2029//evil.example",
    "evil.example",
    "@evil.example",
    "http://127.0.0.1@evil.example/",
    "http://127.0.0.1.evil.example/",
    "//127.0.0.1:80@evil.example",
    "ftp://127.0.0.1/",
    "?next=//evil.example",
    "",
]


@pytest.mark.parametrize("onward", EVIL)
def test_next_leads_nowhere_else(visitor: Visitor, onward: str) -> None:
    started = visitor.start("spotify", next=onward)

    location = visitor.get(visitor.decide(started, "ada"))["Location"]

    assert location in {"/", "/second-way-in/"}


def test_next_leads_to_a_page_of_ours(visitor: Visitor) -> None:
    started = visitor.start("spotify", next="/connections/?a=b")

    answer = visitor.get(visitor.decide(started, "ada"))

    assert answer["Location"] == "/connections/?a=b"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_session_key_changes_at_sign_in(visitor: Visitor, provider: str) -> None:
    started = visitor.start(provider)
    before = visitor.session.session_key

    visitor.get(visitor.decide(started, "ada"))

    assert visitor.session.session_key != before
    assert not SessionStore().exists(before)


def test_the_session_key_changes_at_linking(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    started = visitor.post("/connections/connect/facebook/")
    before = visitor.session.session_key

    visitor.get(visitor.decide(started, "ada"))

    person = User.objects.get()
    assert person.socialaccount_set.count() == 2
    assert visitor.session.session_key != before
    assert not SessionStore().exists(before)
    assert visitor.session["_auth_user_id"] == str(person.pk)


def test_the_session_key_changes_at_a_fresh_proof(visitor: Visitor) -> None:
    give_email(User.objects.create_user(name="Ada"), password=PASSWORD)
    visitor.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    before = visitor.session.session_key

    visitor.post("/accounts/reauthenticate/", {"password": PASSWORD})

    assert visitor.session.session_key != before
    assert not SessionStore().exists(before)
    assert "_auth_user_id" in visitor.session


def test_following_a_link_changes_nothing(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    account = SocialAccount.objects.get()

    for address in (
        "/accounts/logout/",
        f"/connections/{account.pk}/disconnect/",
        "/connections/connect/spotify/",
        f"/connections/{account.pk}/reconnect/",
        "/account/delete/",
    ):
        visitor.get(address)

    assert "_auth_user_id" in visitor.session
    assert list(SocialAccount.objects.all()) == [account]


def test_linking_asks_for_a_fresh_sign_in(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    forget_sign_in(visitor)

    answer = visitor.post("/connections/connect/facebook/")

    assert answer["Location"].startswith("/sign-in-again/")


def test_starting_is_limited_by_address(visitor: Visitor) -> None:
    answers = [visitor.start("spotify").status_code for _ in range(32)]

    assert answers == [302] * 30 + [429] * 2


@override_settings(TRUSTED_PROXIES=1, ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_an_invented_forwarded_address_does_not_lift_the_limit(sim: Control) -> None:
    answers = [
        Visitor(sim, headers={"x-forwarded-for": f"192.0.2.{number}, 203.0.113.7"})
        .start("spotify")
        .status_code
        for number in range(31)
    ]

    assert answers == [302] * 30 + [429]
