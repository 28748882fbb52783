"""Signing in with Spotify, against the simulator."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import override_settings

from accounts import scopes
from accounts.models import Credential, User
from simulator.control_client import Control
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


def asked(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def nobody_came_in(visitor: Visitor) -> bool:
    made = User.objects.count() + SocialAccount.objects.count() + Credential.objects.count()
    return made == 0 and "_auth_user_id" not in visitor.session


def test_first_sign_in_makes_a_person_without_a_form(visitor: Visitor, sim: Control) -> None:
    answer = visitor.sign_in("spotify", "ada")

    assert answer.status_code == 302
    person = User.objects.get()
    assert (person.name, person.email) == ("Ada", None)
    credential = Credential.objects.get()
    assert credential.account.user == person
    assert credential.status == "ok"
    assert credential.provider_user_id == "ada"
    assert set(credential.scopes) == set(scopes.BASE)
    assert visitor.session["_auth_user_id"] == str(person.pk)


def test_an_account_is_known_by_account_id_and_keeps_little_else(
    visitor: Visitor, sim: Control
) -> None:
    account_id = sim.add_user("newid", name="Renamed", allowed=False)["account_id"]
    sim.allow("newid")

    visitor.sign_in("spotify", "newid")

    account = SocialAccount.objects.get()
    assert account.uid == account_id != "newid"
    assert account.extra_data == {
        "id": "newid",
        "account_id": account_id,
        "display_name": "Renamed",
    }


def test_a_second_sign_in_finds_the_same_person(visitor: Visitor, sim: Control) -> None:
    visitor.sign_in("spotify", "ada")

    Visitor(sim).sign_in("spotify", "ada")

    assert User.objects.count() == SocialAccount.objects.count() == 1


def test_the_authorize_address_asks_for_the_base_scopes_with_pkce(visitor: Visitor) -> None:
    location = visitor.start("spotify")["Location"]

    said = asked(location)
    assert sorted(said.pop("scope").split()) == sorted(scopes.BASE)
    assert len(said.pop("code_challenge")) == 43
    assert len(said.pop("state")) == 16
    assert said == {
        "client_id": "spotsite-demo",
        "redirect_uri": f"{visitor.public_url}/accounts/spotify/login/callback/",
        "response_type": "code",
        "code_challenge_method": "S256",
        "show_dialog": "false",
    }


def test_nothing_in_the_query_string_changes_what_is_asked(visitor: Visitor) -> None:
    plain = asked(visitor.start("spotify")["Location"])

    bent = asked(
        visitor.start(
            "spotify",
            scope="user-read-email,ugc-image-upload",
            auth_params="client_id=other&redirect_uri=https://evil.example/&show_dialog=true",
            action="rerequest",
        )["Location"]
    )

    for said in (plain, bent):
        said["scope"] = " ".join(sorted(said["scope"].split()))
        del said["state"], said["code_challenge"]
    assert bent == plain


@override_settings(ALLOWED_HOSTS=["*"])
def test_the_redirect_address_does_not_follow_the_host_header(visitor: Visitor) -> None:
    headers = {"host": "evil.example", "x-forwarded-host": "worse.example"}

    answer = visitor.post("/accounts/spotify/login/", headers=headers)

    redirect_uri = asked(answer["Location"])["redirect_uri"]
    assert redirect_uri == f"{visitor.public_url}/accounts/spotify/login/callback/"


def test_connecting_always_shows_the_dialog(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")

    answer = visitor.post("/connections/connect/spotify/")

    assert asked(answer["Location"])["show_dialog"] == "true"


def test_the_exchange_sends_verifier_and_basic_and_no_address_holds_a_secret(
    visitor: Visitor, sim: Control
) -> None:
    sim.clear_log()

    visitor.sign_in("spotify", "ada")

    calls = [call for call in sim.log() if not call["path"].startswith("/_sim/")]
    exchange, profile = calls
    assert (exchange["method"], exchange["path"], exchange["query"]) == ("POST", "/api/token", {})
    assert exchange["headers"]["authorization"].startswith("Basic ")
    form = parse_qs(exchange["body"])
    assert len(form["code_verifier"][0]) >= 43
    assert not {"client_secret", "client_id"} & form.keys()
    assert (profile["method"], profile["path"], profile["query"]) == ("GET", "/v1/me", {})
    assert profile["headers"]["authorization"].startswith("Bearer ")


def test_a_code_from_a_flow_without_a_challenge_is_not_taken(
    visitor: Visitor, sim: Control
) -> None:
    started = visitor.start("spotify")
    location = started["Location"]
    challenge = f"&code_challenge_method=S256&code_challenge={asked(location)['code_challenge']}"
    assert challenge in location
    started["Location"] = location.replace(challenge, "")

    answer = visitor.get(visitor.decide(started, "ada"))

    assert answer.status_code == 400
    assert nobody_came_in(visitor)


def test_tokens_are_sealed_in_the_row(visitor: Visitor, sim: Control) -> None:
    sim.switch(token_marker="MARKER")

    visitor.sign_in("spotify", "ada")

    credential = Credential.objects.get()
    assert credential.refresh_ct is not None
    assert credential.access_ct is not None
    assert b"MARKER" not in bytes(credential.refresh_ct) + bytes(credential.access_ct)


def test_an_answer_that_names_no_scope_grants_what_was_asked(
    visitor: Visitor, sim: Control
) -> None:
    sim.switch(scope_missing=True)

    visitor.sign_in("spotify", "ada")

    credential = Credential.objects.get()
    assert set(credential.scopes) == set(scopes.BASE)

    extra = min(scopes.EXTRAS)
    start = visitor.post(f"/connections/{credential.account_id}/reconnect/", {"extra": extra})
    visitor.get(visitor.decide(start, "ada"))

    credential.refresh_from_db()
    assert set(credential.scopes) == {*scopes.BASE, *scopes.EXTRAS[extra]}


def test_a_missing_scope_does_not_stop_the_sign_in(visitor: Visitor) -> None:
    answer = visitor.sign_in("spotify", "ada", scopes=["playlist-read-private"])

    assert answer.status_code == 302
    assert Credential.objects.get().scopes == ["playlist-read-private"]


def test_a_sign_in_with_fewer_rights_changes_no_credential(visitor: Visitor, sim: Control) -> None:
    visitor.sign_in("spotify", "ada")
    before = Credential.objects.values().get()
    sim.revoke("ada")

    answer = Visitor(sim).sign_in("spotify", "ada", scopes=["playlist-read-private"])

    assert answer.status_code == 302
    assert Credential.objects.values().get() == before


PLAIN = {"media": "text/plain"}
NOT_REGISTERED = (
    "Check settings on developer.spotify.com/dashboard, the user may not be registered.",
    "User not registered in the Developer Dashboard",
    (
        "The user is not registered for this application. Please check your settings on "
        "https://developer.spotify.com/dashboard."
    ),
)
PREMIUM = "Active premium subscription required for the owner of the app."


@pytest.mark.parametrize("text", NOT_REGISTERED)
@pytest.mark.parametrize("form", ["text", "json"])
def test_somebody_off_the_allow_list_is_offered_another_way(
    visitor: Visitor, sim: Control, text: str, form: str
) -> None:
    said: dict[str, Any] = (
        {"text": text, **PLAIN}
        if form == "text"
        else {"json": {"error": {"status": 403, "message": text}}}
    )
    sim.fault(path="/v1/me$", status=403, **said)

    answer = visitor.sign_in("spotify", "ada")

    assert answer.status_code == 403
    assert answer.context["cause"] == "not_allowed"
    page = answer.content.decode()
    assert "allow list" in page
    assert 'href="/accounts/signup/"' in page
    assert 'href="/accounts/login/"' in page
    assert nobody_came_in(visitor)


def test_the_simulators_stranger_is_not_let_in(visitor: Visitor) -> None:
    answer = visitor.sign_in("spotify", "zoe")

    assert answer.context["cause"] == "not_allowed"
    assert nobody_came_in(visitor)


@pytest.mark.parametrize(
    ("fault", "cause", "status"),
    [
        ({"path": "/v1/me$", "status": 403, "text": PREMIUM}, "owner_without_premium", 503),
        ({"path": "/v1/me$", "status": 403, "text": "<h1>Forbidden</h1>"}, "unknown", 502),
        ({"path": "/v1/me$", "status": 401}, "unknown", 502),
        ({"path": "/v1/me$", "status": 404}, "unknown", 502),
        ({"path": "/v1/me$", "status": 500}, "unavailable", 503),
        ({"path": "/v1/me$", "status": 302, "headers": {"location": "/x"}}, "unavailable", 503),
        ({"path": "/v1/me$", "status": 200, "text": "<html>"}, "unavailable", 503),
        ({"path": "/v1/me$", "status": 200, "text": "[" * 100_000}, "unavailable", 503),
        ({"path": "/v1/me$", "status": 200, "json": [1]}, "unavailable", 503),
        ({"path": "/v1/me$", "status": 200, "json": {"id": "ada"}}, "unavailable", 503),
        ({"path": "/v1/me$", "status": 200, "json": {"account_id": 7}}, "unavailable", 503),
        ({"path": "/v1/me$", "status": 200, "json": {"account_id": "a"}}, "unavailable", 503),
        (
            {"path": "/v1/me$", "status": 200, "json": {"id": "a", "account_id": "x\x00y"}},
            "unavailable",
            503,
        ),
        (
            {"path": "/v1/me$", "status": 200, "json": {"id": "a", "account_id": "x" * 200}},
            "unavailable",
            503,
        ),
        ({"path": "/v1/me$", "kind": "drop"}, "unavailable", 503),
        ({"path": "/v1/me$", "status": 429}, "busy", 503),
        ({"path": "/api/token", "kind": "drop"}, "unavailable", 503),
        ({"path": "/api/token", "kind": "drop", "when": "after"}, "unavailable", 503),
        (
            {"path": "/api/token", "status": 503, "text": "upstream connect error"},
            "unavailable",
            503,
        ),
        ({"path": "/api/token", "status": 429}, "busy", 503),
        ({"path": "/api/token", "status": 200, "text": "access_token=x"}, "unavailable", 503),
        ({"path": "/api/token", "status": 200, "json": {"access_token": 1}}, "unavailable", 503),
        (
            {"path": "/api/token", "status": 400, "json": {"error": "invalid_grant"}},
            "code_refused",
            400,
        ),
        (
            {"path": "/api/token", "status": 400, "json": {"error": "invalid_client"}},
            "our_app",
            502,
        ),
        (
            {"path": "/api/token", "status": 401, "json": {"error": "invalid_client"}},
            "our_app",
            502,
        ),
        ({"path": "/api/token", "status": 400, "json": {"error": {"a": 1}}}, "unknown", 502),
        ({"path": "/api/token", "status": 418, "json": {}}, "unknown", 502),
    ],
)
def test_what_goes_wrong_at_spotify_becomes_a_page_with_its_cause(
    visitor: Visitor, sim: Control, fault: dict[str, Any], cause: str, status: int
) -> None:
    sim.fault(**fault)

    answer = visitor.sign_in("spotify", "ada")

    assert (answer.context["cause"], answer.status_code) == (cause, status)
    assert nobody_came_in(visitor)
    sim.clear_faults()
    assert Visitor(sim).sign_in("spotify", "ada").status_code == 302  # the next try works


def test_the_wait_that_spotify_asks_for_is_passed_on(visitor: Visitor, sim: Control) -> None:
    sim.fault(path="/v1/me$", status=429, headers={"retry-after": "17"})

    answer = visitor.sign_in("spotify", "ada")

    assert answer["Retry-After"] == "17"
    assert "wait a few seconds." in answer.content.decode()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "a few seconds"),
        (61, "about a minute"),
        (600, "about 10 minutes"),
        (3599, "about an hour"),
        (50_400, "about 14 hours"),
    ],
)
def test_a_wait_is_said_as_a_person_would(
    visitor: Visitor, sim: Control, seconds: int, words: str
) -> None:
    sim.fault(path="/v1/me$", status=429, headers={"retry-after": str(seconds)})

    page = visitor.sign_in("spotify", "ada").content.decode()

    assert f"It asks us to wait {words}." in page


@override_settings(SPOTIFY_ACCOUNTS_URL="http://127.0.0.1:9")
def test_nobody_answers(visitor: Visitor) -> None:
    assert visitor.sign_in("spotify", "ada").context["cause"] == "unavailable"


@override_settings(SPOTIFY_CLIENT_SECRET="wrong")
def test_a_wrong_client_secret_is_the_operators_matter(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    answer = visitor.sign_in("spotify", "ada")

    assert (answer.context["cause"], answer.status_code) == ("our_app", 502)
    assert [
        record.levelname for record in caplog.records if "sign-in failed" in record.message
    ] == ["ERROR"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ada\x00Lovelace", "Ada Lovelace"),
        ("  Ada \n\t Lovelace ", "Ada Lovelace"),
        ("x" * 10_000, "x" * 150),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        (None, ""),
        (7, ""),
    ],
)
def test_a_name_is_made_safe_to_store(
    visitor: Visitor, sim: Control, given: Any, kept: str
) -> None:
    sim.fault(
        path="/v1/me$",
        status=200,
        json={"id": "ada", "account_id": "account-of-ada", "display_name": given},
    )

    answer = visitor.sign_in("spotify", "ada")

    assert answer.status_code == 302
    assert User.objects.get().name == kept


@override_settings(SPOTIFY_CLIENT_ID="")
def test_a_site_without_client_id_has_no_such_sign_in(visitor: Visitor) -> None:
    assert visitor.post("/accounts/spotify/login/").status_code == 404
    assert visitor.get("/accounts/spotify/login/callback/?code=x&state=y").status_code == 404
