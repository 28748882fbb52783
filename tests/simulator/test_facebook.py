"""The pretend Facebook: dialog, tokens, permissions and signed callbacks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

SITE = "http://127.0.0.1:8000"
BACK = f"{SITE}/accounts/facebook/login/callback/"
APP = {"client_id": "spotsite-demo", "client_secret": "spotsite-demo-secret"}
APP_TOKEN = "spotsite-demo|spotsite-demo-secret"
LONG_S = 5_184_000
VERIFIER = "f" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


@pytest.fixture
def graph(process, control):
    """Call Graph; the answer's status and JSON."""

    def graph(method, path, **values):
        url = f"{process.base}/v24.0{path}"
        answer = requests.request(method, url, timeout=10, **values)
        return answer.status_code, answer.json()

    return graph


def query(**values):
    usual = {
        "client_id": "spotsite-demo",
        "redirect_uri": BACK,
        "state": "s",
        "scope": "email,public_profile",
        "response_type": "code",
    }
    return urlencode(usual | values)


@pytest.fixture
def code(control):
    def code(user="ada", declined=None, **values):
        location = control.consent(query(**values), user, provider="facebook", declined=declined)
        return parse_qs(urlsplit(location).query)["code"][0]

    return code


@pytest.fixture
def token(graph, code):
    def token(**values):
        data = APP | {"code": code(**values), "redirect_uri": BACK}
        return graph("POST", "/oauth/access_token", data=data)[1]["access_token"]

    return token


def error(answer):
    status, body = answer
    assert set(body["error"]) == {"message", "type", "code", "fbtrace_id"}
    return status, body["error"]["type"], body["error"]["code"]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class TestDialog:
    def test_page_names_people_and_asks_for_the_email(self, process, control):
        page = requests.get(f"{process.base}/v24.0/dialog/oauth?{query()}", timeout=10)

        assert page.status_code == 200
        assert "Continue as Ada" in page.text
        assert "Share my e-mail address" in page.text
        assert "Cancel" in page.text

    def test_form_sends_back_code_state_and_facebooks_fragment(self, process, control):
        user = control.facebook_users()[0]["id"]
        form = {"query": query(), "user": user, "email": "on"}

        answer = requests.post(
            f"{process.base}/v24.0/dialog/oauth", data=form, allow_redirects=False, timeout=10
        )

        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"{BACK}?code=")
        assert answer.headers["location"].endswith("&state=s#_=_")

    def test_cancel_sends_back_why(self, process, control):
        form = {"query": query(), "cancel": "1"}

        answer = requests.post(
            f"{process.base}/v24.0/dialog/oauth", data=form, allow_redirects=False, timeout=10
        )

        sent = parse_qs(urlsplit(answer.headers["location"]).query)
        assert sent["error"] == ["access_denied"]
        assert sent["error_reason"] == ["user_denied"]
        assert sent["state"] == ["s"]

    @pytest.mark.parametrize("values", [{"client_id": "x"}, {"redirect_uri": f"{BACK}x"}])
    def test_wrong_app_or_address_ends_on_facebooks_page(self, process, control, values):
        answer = requests.get(
            f"{process.base}/v24.0/dialog/oauth?{query(**values)}",
            allow_redirects=False,
            timeout=10,
        )

        assert (answer.status_code, "location" in answer.headers) == (400, False)


class TestCode:
    @pytest.mark.parametrize("method", ["POST", "GET"])
    def test_code_is_traded_by_post_and_by_get(self, graph, code, method):
        values = APP | {"code": code(), "redirect_uri": BACK}

        status, body = graph(
            method, "/oauth/access_token", **{"data" if method == "POST" else "params": values}
        )

        assert status == 200
        assert set(body) == {"access_token", "token_type", "expires_in"}
        assert (body["token_type"], body["expires_in"]) == ("bearer", 5_400)

    def test_code_works_once_in_time_for_its_address_and_app(self, graph, code, control):
        def trade(code, **values):
            return graph(
                "POST",
                "/oauth/access_token",
                data=APP | {"code": code, "redirect_uri": BACK} | values,
            )

        used, late, other = code(), code(), code()
        trade(used)

        assert error(trade(used)) == (400, "OAuthException", 100)
        assert error(trade(other, redirect_uri=SITE)) == (400, "OAuthException", 100)
        assert error(trade(other, client_secret="x")) == (400, "OAuthException", 1)
        assert error(trade("nonsense")) == (400, "OAuthException", 100)
        control.advance(seconds=601)
        assert error(trade(late)) == (400, "OAuthException", 100)

    def test_verifier_is_asked_for_when_there_was_a_challenge(self, graph, code):
        values = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        data = APP | {"code": code(**values), "redirect_uri": BACK}

        without = graph("POST", "/oauth/access_token", data=data)
        with_it = graph("POST", "/oauth/access_token", data=data | {"code_verifier": VERIFIER})

        assert (without[0], with_it[0]) == (400, 200)

    def test_token_is_made_long_lived(self, graph, token):
        data = APP | {"grant_type": "fb_exchange_token", "fb_exchange_token": token()}

        status, body = graph("POST", "/oauth/access_token", data=data)

        assert (status, body["expires_in"]) == (200, LONG_S)
        assert graph("GET", "/me", headers=bearer(body["access_token"]))[0] == 200


class TestDebug:
    def debug(self, graph, token, method="POST", caller=APP_TOKEN):
        values = {"input_token": token, "access_token": caller}
        return graph(method, "/debug_token", **{"data" if method == "POST" else "params": values})

    @pytest.mark.parametrize("method", ["POST", "GET"])
    def test_good_token_is_described(self, graph, token, control, method):
        secret = token()
        status, body = self.debug(graph, secret, method)

        data = body["data"]
        assert status == 200
        assert (data["is_valid"], data["app_id"], data["type"]) == (True, "spotsite-demo", "USER")
        assert data["user_id"] == graph("GET", "/me", headers=bearer(secret))[1]["id"]
        assert data["scopes"] == ["email", "public_profile"]
        assert data["expires_at"] - data["issued_at"] == 5_400

    def test_caller_may_prove_itself_in_the_header(self, graph, token):
        status, body = graph(
            "POST", "/debug_token", data={"input_token": token()}, headers=bearer(APP_TOKEN)
        )

        assert (status, body["data"]["is_valid"]) == (200, True)

    def test_post_can_be_switched_off(self, graph, token, control):
        control.switch(debug_token_get_only=True)
        secret = token()

        assert error(self.debug(graph, secret)) == (400, "GraphMethodException", 100)
        assert self.debug(graph, secret, "GET")[0] == 200

    def test_bogus_expired_and_foreign_tokens_are_not_valid(self, graph, token, control):
        mine = token()
        foreign = control.facebook_token("ada", app_id="999")["secret"]
        control.advance(seconds=5_401)

        expired = self.debug(graph, mine)[1]["data"]
        bogus = self.debug(graph, "nonsense")[1]["data"]
        others = self.debug(graph, foreign)[1]["data"]

        assert [one["is_valid"] for one in (expired, bogus, others)] == [False] * 3
        assert others["error"]["code"] == 100

    def test_stranger_may_not_ask(self, graph, token):
        answer = self.debug(graph, token(), caller="spotsite-demo|wrong")

        assert error(answer) == (400, "OAuthException", 190)


class TestMe:
    def test_fields_are_given_as_asked(self, graph, token):
        secret = token()

        usual = graph("GET", "/me", headers=bearer(secret))[1]
        named = graph("GET", "/me?fields=id,name,email", params={"access_token": secret})[1]

        assert set(usual) == {"id", "name"}
        assert (named["name"], named["email"]) == ("Ada", "ada@example.org")
        assert named["id"].isdigit()

    def test_email_may_be_declined(self, graph, token):
        secret = token(declined=["email"])

        me = graph("GET", "/me?fields=id,name,email", headers=bearer(secret))[1]
        rows = graph("GET", "/me/permissions", headers=bearer(secret))[1]["data"]

        assert set(me) == {"id", "name"}
        assert {"permission": "email", "status": "declined"} in rows

    def test_proof_is_checked_when_it_is_given(self, graph, token):
        secret = token()
        key = APP["client_secret"].encode()
        proof = hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()

        right = graph("GET", f"/me?appsecret_proof={proof}", headers=bearer(secret))
        wrong = graph("GET", "/me?appsecret_proof=0000", headers=bearer(secret))

        assert right[0] == 200
        assert error(wrong) == (400, "GraphMethodException", 100)

    def test_errors_have_graphs_form(self, graph, token, control):
        secret = token()

        assert error(graph("GET", "/me")) == (400, "OAuthException", 2500)
        assert error(graph("GET", "/me", headers=bearer("x"))) == (400, "OAuthException", 190)
        answer = graph("GET", "/me?fields=id,shoe_size", headers=bearer(secret))
        assert error(answer) == (400, "OAuthException", 100)
        control.advance(seconds=5_401)
        assert error(graph("GET", "/me", headers=bearer(secret))) == (400, "OAuthException", 190)
        assert graph("GET", "/nonsense")[0] == 400


class TestWithdrawal:
    def test_person_or_app_takes_the_permission_back_and_the_token_dies(self, graph, token):
        for caller in ("person", "app"):
            secret = token()
            id_ = graph("GET", "/me", headers=bearer(secret))[1]["id"]

            key = secret if caller == "person" else APP_TOKEN
            answer = graph("DELETE", f"/{id_}/permissions", headers=bearer(key))

            assert answer == (200, {"success": True})
            assert error(graph("GET", "/me", headers=bearer(secret))) == (
                400,
                "OAuthException",
                190,
            )

    def test_nobody_takes_back_anothers_permission(self, graph, token):
        mine, hers = token(), token(user="grace")
        her_id = graph("GET", "/me", headers=bearer(hers))[1]["id"]

        answer = graph("DELETE", f"/{her_id}/permissions", headers=bearer(mine))

        assert error(answer) == (403, "OAuthException", 200)
        assert graph("GET", "/me", headers=bearer(hers))[0] == 200

    def test_person_takes_the_app_away_at_facebook(self, graph, token, control):
        secret = token()

        control.facebook_revoke("ada")

        assert error(graph("GET", "/me", headers=bearer(secret))) == (400, "OAuthException", 190)


def opened(signed, key=APP["client_secret"]):
    signature, body = signed.split(".")
    right = hmac.new(key.encode(), body.encode(), hashlib.sha256).digest()
    good = hmac.compare_digest(base64.urlsafe_b64decode(signature + "=="), right)
    return good, json.loads(base64.urlsafe_b64decode(body + "=="))


class TestSignedRequest:
    def test_signature_is_right_or_forged_as_asked(self, control):
        made = control.signed_request("ada")
        forged = control.signed_request("ada", "deletion", forged=True)

        good, payload = opened(made["signed_request"])
        assert good
        assert payload["algorithm"] == "HMAC-SHA256"
        assert payload["user_id"] == made["user_id"] == control.facebook_users()[0]["id"]
        assert not opened(forged["signed_request"])[0]

    def test_it_is_posted_to_the_sites_callback(self, control, token, graph):
        secret = token()
        got = []

        class Site(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                got.append((self.path, parse_qs(body)["signed_request"][0]))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"confirmation_code": "c"}')

            def log_message(self, *args):
                pass

        with HTTPServer(("127.0.0.1", 0), Site) as site:
            thread = threading.Thread(target=site.handle_request)
            thread.start()
            made = control.signed_request(
                "ada", "deletion", url=f"http://127.0.0.1:{site.server_port}/bye/"
            )
            thread.join()

        assert got == [("/bye/", made["signed_request"])]
        assert made["answer"] == {"status": 200, "body": '{"confirmation_code": "c"}'}
        assert graph("GET", "/me", headers=bearer(secret))[0] == 400

    def test_unreachable_callback_is_told(self, control):
        made = control.signed_request("ada", url="http://127.0.0.1:1/")

        assert made["answer"]["status"] == 0
