"""Signing in with Facebook, against the simulator."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import override_settings

from accounts.models import Credential, User
from simulator.control_client import Control
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db

APP_TOKEN = "Bearer spotsite-demo|spotsite-demo-secret"


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


def calls(sim: Control) -> list[dict[str, Any]]:
    return [row for row in sim.log() if not row["path"].startswith("/_sim/")]


def nobody_came_in(visitor: Visitor) -> bool:
    made = User.objects.count() + SocialAccount.objects.count() + Credential.objects.count()
    return made == 0 and "_auth_user_id" not in visitor.session


def test_first_sign_in_keeps_no_token_and_no_address(visitor: Visitor) -> None:
    answer = visitor.sign_in("facebook", "ada")

    assert answer.status_code == 302
    person = User.objects.get()
    assert (person.name, person.email) == ("Ada", None)
    account = SocialAccount.objects.get()
    assert account.extra_data == {"id": account.uid, "name": "Ada"}
    credential = Credential.objects.get()
    assert (credential.access_ct, credential.refresh_ct) == (None, None)
    assert credential.scopes == ["public_profile"]


def test_the_dialog_is_asked_for_the_least_with_pkce(visitor: Visitor) -> None:
    location = visitor.start(
        "facebook",
        scope="email,user_friends",
        auth_params="client_id=other&auth_type=rerequest",
        action="rerequest",
    )["Location"]

    said = parse_qs(urlsplit(location).query)
    assert len(said.pop("code_challenge")[0]) == 43
    assert len(said.pop("state")[0]) == 16
    assert said == {
        "client_id": ["spotsite-demo"],
        "redirect_uri": [f"{visitor.public_url}/accounts/facebook/login/callback/"],
        "response_type": ["code"],
        "scope": ["public_profile"],
        "code_challenge_method": ["S256"],
    }


def test_no_address_holds_a_secret_and_every_question_is_asked(
    visitor: Visitor, sim: Control
) -> None:
    sim.switch(token_marker="MARKER")
    sim.clear_log()

    visitor.sign_in("facebook", "ada")

    exchange, inspection, profile = calls(sim)
    assert (exchange["method"], exchange["query"]) == ("POST", {})
    assert len(parse_qs(exchange["body"])["code_verifier"][0]) >= 43
    assert (inspection["method"], inspection["query"]) == ("POST", {})
    assert inspection["headers"]["authorization"] == APP_TOKEN
    assert "MARKER" in inspection["body"]
    bearer = profile["headers"]["authorization"].removeprefix("Bearer ")
    proof = hmac.new(b"spotsite-demo-secret", bearer.encode(), hashlib.sha256).hexdigest()
    assert profile["query"] == {"fields": "id,name", "appsecret_proof": proof}


def test_a_stolen_code_is_worthless_without_the_verifier(visitor: Visitor, sim: Control) -> None:
    stolen = visitor.decide(visitor.start("facebook"), "ada")
    thief = Visitor(sim)
    own = thief.decide(thief.start("facebook"), "grace")
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    state = parse_qs(urlsplit(own).query)["state"][0]

    answer = thief.get(f"/accounts/facebook/login/callback/?code={code}&state={state}")

    assert (answer.status_code, answer.context["cause"]) == (400, "code_refused")
    assert nobody_came_in(thief)


def test_where_debug_token_takes_get_only_its_input_is_the_one_exception(
    visitor: Visitor, sim: Control
) -> None:
    sim.switch(debug_token_get_only=True, token_marker="MARKER")
    sim.clear_log()

    answer = visitor.sign_in("facebook", "ada")

    assert answer.status_code == 302
    told = [
        (row["path"], name)
        for row in calls(sim)
        for name in row["query"]
        if "MARKER" in row["query"][name]
    ]
    assert told == [("/v24.0/debug_token", "input_token")]


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 404, "json": {"error": {"message": "Unknown path components", "code": 2500}}},
        {"status": 404, "text": "Not Found"},
        {"status": 405, "text": "Method Not Allowed"},
        {"status": 400, "json": {"error": {"message": "Unsupported method", "code": 100}}},
    ],
)
def test_whichever_way_post_is_refused_the_same_is_asked_by_get(
    visitor: Visitor, sim: Control, refusal: dict[str, Any]
) -> None:
    sim.fault(method="POST", path="/debug_token", **refusal)
    sim.clear_log()

    answer = visitor.sign_in("facebook", "ada")

    assert answer.status_code == 302
    asked = [row["method"] for row in calls(sim) if row["path"].endswith("/debug_token")]
    assert asked == ["POST", "GET"]


def test_the_token_of_another_app_is_refused(visitor: Visitor, sim: Control) -> None:
    foreign = sim.facebook_token("ada", app_id="another-app")["secret"]
    sim.fault(path="/oauth/access_token", status=200, json={"access_token": foreign})

    answer = visitor.sign_in("facebook", "ada")

    assert (answer.status_code, answer.context["cause"]) == (403, "wrong_token")
    assert nobody_came_in(visitor)


def test_an_expired_token_is_refused(visitor: Visitor, sim: Control) -> None:
    old = sim.facebook_token("ada", lasts_s=1)["secret"]
    sim.advance(seconds=2)
    sim.fault(path="/oauth/access_token", status=200, json={"access_token": old})

    assert visitor.sign_in("facebook", "ada").context["cause"] == "wrong_token"
    assert nobody_came_in(visitor)


@pytest.mark.parametrize(
    "wrong",
    [
        {"is_valid": False},
        {"is_valid": "true"},
        {"app_id": "another-app"},
        {"type": "PAGE"},
        {"user_id": "10150000007920"},
        {"expires_at": 1},
        {"expires_at": None},
    ],
    ids=str,
)
def test_every_fact_about_a_token_is_checked(
    visitor: Visitor, sim: Control, wrong: dict[str, Any]
) -> None:
    facts = {
        "is_valid": True,
        "app_id": "spotsite-demo",
        "type": "USER",
        "user_id": "10150000000001",
        "expires_at": 0,
        "scopes": ["public_profile"],
    }
    sim.fault(path="/debug_token", status=200, times=None, json={"data": facts | wrong})

    answer = visitor.sign_in("facebook", "10150000000001")

    assert (answer.status_code, answer.context["cause"]) == (403, "wrong_token")
    assert nobody_came_in(visitor)
    sim.clear_faults()
    sim.fault(path="/debug_token", status=200, json={"data": facts})
    assert visitor.sign_in("facebook", "10150000000001").status_code == 302


GRAPH = "/v24.0/"


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"path": "/oauth/access_token", "kind": "drop"}, "unavailable"),
        ({"path": "/oauth/access_token", "status": 500}, "unavailable"),
        ({"path": "/oauth/access_token", "status": 200, "text": "no json"}, "unavailable"),
        ({"path": "/oauth/access_token", "status": 400, "json": {"error": "x"}}, "unknown"),
        ({"path": "/oauth/access_token", "status": 400, "json": {"error": {"code": 4}}}, "busy"),
        ({"path": "/debug_token", "kind": "drop"}, "unavailable"),
        ({"path": "/debug_token", "status": 400, "text": "no json"}, "unavailable"),
        ({"path": "/debug_token", "status": 200, "json": {"data": []}}, "unavailable"),
        ({"path": "/me$", "kind": "drop"}, "unavailable"),
        ({"path": "/me$", "status": 200, "json": {"name": "Ada"}}, "unavailable"),
        ({"path": "/me$", "status": 400, "json": {"error": {"code": 190}}}, "wrong_token"),
        ({"path": "/me$", "status": 429}, "busy"),
    ],
)
def test_what_goes_wrong_at_facebook_becomes_a_page_with_its_cause(
    visitor: Visitor, sim: Control, fault: dict[str, Any], cause: str
) -> None:
    sim.fault(**fault)

    answer = visitor.sign_in("facebook", "ada")

    assert answer.context["cause"] == cause
    assert nobody_came_in(visitor)
    sim.clear_faults()
    assert Visitor(sim).sign_in("facebook", "ada").status_code == 302


@override_settings(FACEBOOK_CLIENT_SECRET="wrong")
def test_a_wrong_client_secret_is_the_operators_matter(visitor: Visitor) -> None:
    answer = visitor.sign_in("facebook", "ada")

    assert (answer.context["cause"], answer.status_code) == ("our_app", 502)


@pytest.mark.parametrize("verified", [True, False])
def test_an_address_of_somebody_here_neither_merges_nor_blocks(
    visitor: Visitor, sim: Control, verified: bool
) -> None:
    owner = User.objects.create_user("ada@example.org", "a long password")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=verified, primary=True)
    sim.add_user("ada", name="Ada", email="ada@example.org")

    answer = visitor.sign_in("facebook", "ada")

    assert answer.status_code == 302
    newcomer = SocialAccount.objects.get().user
    assert newcomer != owner
    assert newcomer.email is None
    assert EmailAddress.objects.count() == 1
    assert visitor.session["_auth_user_id"] == str(newcomer.pk)
    owner.refresh_from_db()
    assert owner.check_password("a long password")
