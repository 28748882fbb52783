"""Spotify's accounts server: what it asks, what it refuses, and when its tokens end."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest
import requests

from simulator.control_client import Control

DAY_S = 86_400
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


@pytest.fixture
def link(control: Control, spotify, code_of) -> Callable[..., dict]:
    """Link Ada through the consent page's rules and return the token answer."""

    def link(user: str = "ada", **query: str) -> dict:
        location = control.consent(spotify.query(**query), user)
        answer = spotify.trade(code_of(location))
        assert answer.status_code == 200, answer.text
        return answer.json()

    return link


def test_consent_page_names_the_people_and_offers_cancel(spotify):
    page = spotify.authorize()

    assert page.status_code == 200
    assert "Continue as Ada" in page.text
    assert "Continue as Grace" in page.text
    assert "Cancel" in page.text


def test_consent_form_sends_back_with_code_and_state(spotify, code_of):
    form = {"query": spotify.query(), "user": "ada"}

    answer = requests.post(
        f"{spotify.base}/authorize", data=form, allow_redirects=False, timeout=10
    )

    location = answer.headers["location"]
    assert answer.status_code == 303
    assert location.startswith("http://127.0.0.1:8000/accounts/spotify/login/callback/?code=")
    assert location.endswith("&state=a+state")
    assert spotify.trade(code_of(location)).status_code == 200


def test_cancel_sends_back_access_denied(spotify):
    form = {"query": spotify.query(), "cancel": "1"}

    answer = requests.post(
        f"{spotify.base}/authorize", data=form, allow_redirects=False, timeout=10
    )

    assert answer.headers["location"].endswith("/callback/?error=access_denied&state=a+state")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/accounts/spotify/login/callback",
        "http://localhost:8000/accounts/spotify/login/callback/",
        "http://127.0.0.1:8000/accounts/Spotify/login/callback/",
        "http://127.0.0.1:8000/accounts/spotify/login/callback/?next=/",
    ],
)
def test_redirect_uri_has_to_match_exactly(spotify, address):
    answer = spotify.authorize(redirect_uri=address)

    assert answer.status_code == 400
    assert "INVALID_CLIENT: Invalid redirect URI" in answer.text
    assert "location" not in answer.headers


def test_unknown_client_gets_a_page_and_no_redirect(spotify):
    answer = spotify.authorize(client_id="somebody-else")

    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert "INVALID_CLIENT: Invalid client" in answer.text


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "playlist-eat-all"}, "invalid_scope"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_other_mistakes_are_sent_back_as_errors(spotify, values, error):
    answer = spotify.authorize(**values)

    assert answer.status_code == 302
    assert f"error={error}&state=a+state" in answer.headers["location"]


def test_a_browser_that_approved_before_is_sent_on_unless_the_dialog_is_asked_for(spotify):
    form = {"query": spotify.query(), "user": "ada"}
    spotify.session.post(f"{spotify.base}/authorize", data=form, allow_redirects=False, timeout=10)

    silent = spotify.authorize()
    fewer = spotify.authorize(scope="playlist-read-private")
    more = spotify.authorize(scope="playlist-read-private user-follow-read")
    asked = spotify.authorize(show_dialog="true")

    assert [silent.status_code, fewer.status_code] == [302, 302]
    assert "code=" in silent.headers["location"]
    assert [more.status_code, asked.status_code] == [200, 200]


def test_a_browser_that_signed_out_is_asked_again(spotify):
    form = {"query": spotify.query(), "user": "ada"}
    spotify.session.post(f"{spotify.base}/authorize", data=form, allow_redirects=False, timeout=10)
    silent = spotify.authorize().status_code

    spotify.session.get(f"{spotify.base}/logout", timeout=10)

    assert [silent, spotify.authorize().status_code] == [302, 200]


def test_silent_consent_does_not_move_the_six_months(spotify, control, code_of):
    form = {"query": spotify.query(), "user": "ada"}
    spotify.session.post(f"{spotify.base}/authorize", data=form, allow_redirects=False, timeout=10)
    control.advance(days=100)
    token = spotify.trade(code_of(spotify.authorize().headers["location"])).json()
    control.advance(days=81)

    answer = spotify.refresh(token["refresh_token"])

    assert answer.json()["error_description"] == "Refresh token expired"


def test_code_exchange_answers_with_both_tokens(link):
    token = link(scope="playlist-read-private user-top-read")

    assert set(token) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 3600
    assert token["scope"] == "playlist-read-private user-top-read"


def test_code_works_once(control, spotify, code_of):
    code = code_of(control.consent(spotify.query(), "ada"))
    spotify.trade(code)

    again = spotify.trade(code)

    assert again.status_code == 400
    assert again.json() == {
        "error": "invalid_grant",
        "error_description": "Invalid authorization code",
    }


def test_code_expires(control, spotify, code_of):
    code = code_of(control.consent(spotify.query(), "ada"))
    control.advance(seconds=601)

    answer = spotify.trade(code)

    assert answer.json()["error_description"] == "Authorization code expired"


def test_code_is_bound_to_its_redirect_uri_and_client(control, spotify, code_of):
    control.add_app("other", "secret", ["http://127.0.0.1:8000/accounts/spotify/login/callback/"])
    code = code_of(control.consent(spotify.query(), "ada"))
    data = {"grant_type": "authorization_code", "code": code}

    elsewhere = spotify.trade(code, redirect_uri="http://127.0.0.1:8000/")
    stolen = spotify.token_call(data, ("other", "secret"))

    assert elsewhere.json()["error_description"] == "Invalid redirect URI"
    assert stolen.json()["error"] == "invalid_grant"
    assert spotify.trade(code).status_code == 200


class TestPkce:
    @pytest.fixture
    def code(self, control, spotify, code_of):
        query = spotify.query(code_challenge=CHALLENGE, code_challenge_method="S256")
        return code_of(control.consent(query, "ada"))

    def test_right_verifier_is_taken(self, spotify, code):
        assert spotify.trade(code, code_verifier=VERIFIER).status_code == 200

    def test_wrong_verifier_is_refused(self, spotify, code):
        answer = spotify.trade(code, code_verifier="w" * 43)

        assert answer.json() == {
            "error": "invalid_grant",
            "error_description": "code_verifier was incorrect",
        }

    def test_missing_verifier_is_refused(self, spotify, code):
        answer = spotify.trade(code)

        assert answer.json()["error_description"] == "code_verifier must be supplied"

    def test_verifier_without_challenge_is_refused(self, spotify, control, code_of):
        code = code_of(control.consent(spotify.query(), "ada"))

        answer = spotify.trade(code, code_verifier=VERIFIER)

        assert answer.json()["error_description"] == "code_verifier was not expected"

    def test_public_client_needs_no_secret(self, spotify, code):
        data = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": "http://127.0.0.1:8000/accounts/spotify/login/callback/",
            "client_id": "spotsite-demo",
            "code_verifier": VERIFIER,
        }

        token = spotify.token_call(data, None).json()
        refreshed = spotify.token_call(
            {
                "grant_type": "refresh_token",
                "refresh_token": token["refresh_token"],
                "client_id": "spotsite-demo",
            },
            None,
        )

        assert refreshed.status_code == 200


def test_wrong_secret_is_told_in_both_ways_of_sending_it(spotify, link, control):
    token = link()["refresh_token"]
    data = {"grant_type": "refresh_token", "refresh_token": token}

    basic = spotify.token_call(data, ("spotsite-demo", "wrong"))
    body = spotify.token_call(data | {"client_id": "spotsite-demo", "client_secret": "wrong"}, None)
    nobody = spotify.token_call(data, ("who", "ever"))
    none = spotify.token_call(data | {"client_id": "spotsite-demo"}, None)
    control.switch(invalid_client_status=401)
    switched = spotify.token_call(data, ("spotsite-demo", "wrong"))

    wrong = {"error": "invalid_client", "error_description": "Invalid client secret"}
    assert [basic.status_code, basic.json()] == [400, wrong]
    assert body.json() == wrong
    assert none.json() == wrong
    assert nobody.json()["error_description"] == "Invalid client"
    assert switched.status_code == 401


def test_client_may_prove_itself_in_the_body(spotify, link):
    data = {
        "grant_type": "refresh_token",
        "refresh_token": link()["refresh_token"],
        "client_id": "spotsite-demo",
        "client_secret": "spotsite-demo-secret",
    }

    assert spotify.token_call(data, None).status_code == 200


def test_refresh_gives_no_refresh_token_and_the_old_one_goes_on(spotify, link):
    token = link()

    first = spotify.refresh(token["refresh_token"])
    second = spotify.refresh(token["refresh_token"])

    assert set(first.json()) == {"access_token", "token_type", "expires_in", "scope"}
    assert second.status_code == 200
    assert first.json()["access_token"] != second.json()["access_token"]


def test_rotation_kills_the_old_refresh_token(spotify, link, control):
    control.switch(rotate=True)
    old = link()["refresh_token"]

    new = spotify.refresh(old).json()["refresh_token"]

    assert spotify.refresh(old).json()["error_description"] == "Refresh token revoked"
    assert spotify.refresh(new).status_code == 200


def test_rotation_may_leave_a_grace(spotify, link, control):
    control.switch(rotate=True, rotate_grace_s=60)
    old = link()["refresh_token"]
    spotify.refresh(old)

    within = spotify.refresh(old)
    control.advance(seconds=61)
    after = spotify.refresh(old)

    assert [within.status_code, after.status_code] == [200, 400]


def test_refresh_token_ends_six_months_after_consent_whatever_was_refreshed(spotify, link, control):
    token = link()["refresh_token"]
    control.advance(days=179)
    alive = spotify.refresh(token)
    control.advance(days=1)

    answer = spotify.refresh(token)

    assert alive.status_code == 200
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_grant", "error_description": "Refresh token expired"}


def test_new_consent_starts_six_new_months_and_leaves_the_old_token_alone(spotify, link, control):
    old = link()["refresh_token"]
    control.advance(days=100)
    new = link()["refresh_token"]

    assert spotify.refresh(old).status_code == 200
    control.advance(days=81)
    assert spotify.refresh(old).json()["error_description"] == "Refresh token expired"
    assert spotify.refresh(new).status_code == 200


def test_new_consent_kills_the_old_token_when_switched(spotify, link, control):
    control.switch(new_consent_kills_old=True)
    old = link()["refresh_token"]
    link()

    assert spotify.refresh(old).json()["error_description"] == "Refresh token revoked"


def test_revoked_user_is_told_apart_from_an_expired_one(spotify, link, control):
    token, other = link()["refresh_token"], link("grace")["refresh_token"]

    control.revoke("ada")

    assert spotify.refresh(token).json() == {
        "error": "invalid_grant",
        "error_description": "Refresh token revoked",
    }
    assert spotify.refresh(other).status_code == 200


def test_false_invalid_grant_hits_a_number_of_calls(spotify, link, control):
    token = link()["refresh_token"]
    control.switch(false_invalid_grant_count=2)

    answers = [spotify.refresh(token).status_code for _ in range(3)]

    assert answers == [400, 400, 200]


def test_false_invalid_grant_hits_the_same_share_of_people_each_time(spotify, control):
    users = [f"user{number}" for number in range(200)]
    control.add_users([{"id": user} for user in users])
    tokens = control.many_tokens(users, [])
    control.switch(false_invalid_grant_share=0.3)

    def refused() -> set[str]:
        return {
            user
            for user in users
            if spotify.refresh(tokens[user]["refresh_token"]).status_code == 400
        }

    first = refused()
    again = refused()
    control.switch(false_invalid_grant_share=0.0)

    assert first == again
    assert 40 <= len(first) <= 80
    assert refused() == set()


def test_access_token_ends_after_an_hour(spotify, link, control):
    spotify.token = link()["access_token"]
    control.advance(seconds=3599)
    before = spotify.get("/me")
    control.advance(seconds=1)

    after = spotify.get("/me")

    assert before.status_code == 200
    assert after.status_code == 401
    assert after.json() == {"error": {"status": 401, "message": "The access token expired"}}


def test_a_person_may_grant_only_a_part(control, spotify, code_of):
    location = control.consent(spotify.query(), "ada", scopes=["playlist-read-private"])

    token = spotify.trade(code_of(location)).json()

    assert token["scope"] == "playlist-read-private"


def test_boxes_of_the_consent_page_take_scopes_away(spotify, code_of):
    form = {
        "query": spotify.query(scope="playlist-read-private user-top-read"),
        "user": "ada",
        "without_user-top-read": "on",
    }

    answer = requests.post(
        f"{spotify.base}/authorize", data=form, allow_redirects=False, timeout=10
    )

    token = spotify.trade(code_of(answer.headers["location"])).json()
    assert token["scope"] == "playlist-read-private"


def test_client_credentials_give_a_token_without_a_person(spotify):
    spotify.token = spotify.token_call({"grant_type": "client_credentials"}).json()["access_token"]

    found = spotify.get("/search", q="love", type="track")
    me = spotify.get("/me")

    assert found.status_code == 200
    assert me.status_code == 401


def test_unknown_grant_type_is_refused(spotify):
    answer = spotify.token_call({"grant_type": "password"})

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_token_endpoint_can_fail_as_plain_text(spotify, link, control):
    token = link()["refresh_token"]
    control.fault(path="^/api/token$", status=503, text="upstream connect error")

    failed = spotify.refresh(token)
    after = spotify.refresh(token)

    assert (failed.status_code, failed.text) == (503, "upstream connect error")
    assert failed.headers["content-type"].startswith("text/plain")
    assert after.status_code == 200


def test_token_can_be_spent_without_an_answer_reaching_the_client(spotify, link, control):
    control.switch(rotate=True)
    old = link()["refresh_token"]
    control.fault(path="^/api/token$", kind="drop", when="after")

    with pytest.raises(requests.ConnectionError):
        spotify.refresh(old)

    assert spotify.refresh(old).json()["error_description"] == "Refresh token revoked"


def test_marker_stands_in_every_secret_that_is_given_out(spotify, link, control, code_of):
    control.switch(token_marker="CANARY")

    location = control.consent(spotify.query(), "ada")
    token = spotify.trade(code_of(location)).json()

    assert "CANARY" in location
    assert "CANARY" in token["access_token"]
    assert "CANARY" in token["refresh_token"]
