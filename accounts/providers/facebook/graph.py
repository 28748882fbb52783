"""The Graph API as a sign-in needs it: is this token ours, and whose is it.

Tokens travel in the header, our own app token too. One exception: where Graph takes
``debug_token`` by GET only, the token that is examined stands in that one address
(docs/decisions/facebook.md); our HTTP client writes no addresses to the log.
https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings

from accounts.providers.flow import ask, document
from accounts.providers.profile import display_name, identifier
from accounts.sign_in import Cause, SignInFailed
from spotsite import clock


@dataclass(frozen=True, slots=True)
class Inspection:
    """What Facebook says about a token that it found good and ours."""

    user_id: str
    scopes: tuple[str, ...]


def inspect(access_token: str) -> Inspection:
    """Ask Facebook whether this token is alive, was made for this app, and for a person."""
    answer = _debug_token(access_token)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise SignInFailed(Cause.UNAVAILABLE, "debug_token_no_data")
    for is_good, code in (
        (data.get("is_valid") is True, "token_not_valid"),
        (str(data.get("app_id")) == settings.FACEBOOK_CLIENT_ID, "token_of_another_app"),
        (data.get("type") == "USER", "token_of_no_person"),
        (_is_alive(data.get("expires_at")), "token_expired"),
    ):
        if not is_good:
            raise SignInFailed(Cause.WRONG_TOKEN, code)
    scopes = data.get("scopes")
    return Inspection(
        user_id=identifier(data.get("user_id"), "user_id"),
        scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else (),
    )


def profile(access_token: str) -> dict[str, str]:
    """Ask whose token this is, with the proof that we know the app's secret."""
    response = ask(
        "GET",
        f"{settings.FACEBOOK_GRAPH_URL}/me",
        headers=_bearer(access_token),
        params={"fields": "id,name", "appsecret_proof": appsecret_proof(access_token)},
    )
    if response.status_code != 200:
        raise refusal(response.status_code, document(response))
    answer = document(response)
    return {
        "uid": identifier(answer.get("id"), "id"),
        "name": display_name(answer.get("name")),
    }


def app_token() -> str:
    """Return the app's own token: Facebook lets a server put it together."""
    return f"{settings.FACEBOOK_CLIENT_ID}|{settings.FACEBOOK_CLIENT_SECRET}"


def appsecret_proof(access_token: str) -> str:
    key = settings.FACEBOOK_CLIENT_SECRET.encode()
    return hmac.new(key, access_token.encode(), hashlib.sha256).hexdigest()


def refusal(status: int, answer: dict[str, Any]) -> SignInFailed:
    """Name the cause of a Graph error by its number: 1 and 101 mean our app, 100 the code."""
    error = answer.get("error")
    number = error.get("code") if isinstance(error, dict) else None
    code = f"graph_{number}" if isinstance(number, int) else f"http_{status}"
    match number:
        case 1 | 101:
            return SignInFailed(Cause.OUR_APP, code, status=status)
        case 100:
            return SignInFailed(Cause.CODE_REFUSED, code, status=status)
        case 190:
            return SignInFailed(Cause.WRONG_TOKEN, code, status=status)
        case 2 | 4 | 17:
            return SignInFailed(Cause.BUSY, code, status=status)
    return SignInFailed(Cause.UNKNOWN, code, status=status)


def _debug_token(access_token: str) -> dict[str, Any]:
    url, headers = f"{settings.FACEBOOK_GRAPH_URL}/debug_token", _bearer(app_token())
    response = ask("POST", url, headers=headers, data={"input_token": access_token})
    if _takes_get_only(response):
        response = ask("GET", url, headers=headers, params={"input_token": access_token})
    answer = document(response)
    if response.status_code != 200:
        raise refusal(response.status_code, answer)
    return answer


def _takes_get_only(response: requests.Response) -> bool:
    if response.status_code in {404, 405}:
        return True
    if response.status_code != 400:
        return False
    error = document(response).get("error")
    message = error.get("message", "") if isinstance(error, dict) else ""
    return str(message).lower().startswith("unsupported")


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", "Accept": "application/json"}


def _is_alive(expires_at: Any) -> bool:
    """Graph writes 0 for a token without an end."""
    return isinstance(expires_at, int) and (expires_at == 0 or expires_at > clock.now().timestamp())
