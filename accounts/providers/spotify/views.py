"""Spotify's token endpoint and ``GET /me`` as a sign-in meets them.

https://developer.spotify.com/documentation/web-api/tutorials/code-flow
"""

from __future__ import annotations

import base64
from typing import Any

from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from django.conf import settings
from django.http import HttpRequest

from accounts.providers.flow import (
    CodeClient,
    FlowAdapter,
    ask,
    callback_view,
    document,
    login_view,
)
from accounts.providers.profile import display_name, identifier
from accounts.sign_in import Cause, SignInFailed


class SpotifyClient(CodeClient):
    """Proves who we are with Basic, as Spotify's guide for server applications does."""

    def authenticate(self, form: dict[str, str], headers: dict[str, str]) -> None:
        pair = f"{self.consumer_key}:{self.consumer_secret}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"

    def refusal(self, status: int, answer: dict[str, Any]) -> SignInFailed:
        match answer.get("error"):
            case "invalid_grant":
                return SignInFailed(Cause.CODE_REFUSED, "invalid_grant", status=status)
            case "invalid_client" | "unauthorized_client" | "invalid_request" as code:
                return SignInFailed(Cause.OUR_APP, code, status=status)
        return SignInFailed(Cause.UNKNOWN, f"http_{status}", status=status)


class SpotifyAdapter(FlowAdapter):
    provider_id = "spotify"
    client_class = SpotifyClient

    @property
    def authorize_url(self) -> str:
        return str(settings.SPOTIFY_AUTHORIZE_URL)

    @property
    def access_token_url(self) -> str:
        return f"{settings.SPOTIFY_ACCOUNTS_URL}/api/token"

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        profile = fetch_profile(token.token)
        return self.get_provider().sociallogin_from_response(request, profile)


def fetch_profile(access_token: str) -> dict[str, str]:
    """Ask who gave consent; raise ``SignInFailed`` where Spotify does not say."""
    response = ask(
        "GET",
        f"{settings.SPOTIFY_API_URL}/me",
        headers={"Authorization": f"Bearer {access_token}", "Accept": "application/json"},
    )
    if response.status_code != 200:
        raise _profile_refused(response.status_code, response.text)
    profile = document(response)
    return {
        # Spotify's advice of May 2026: accounts are linked by account_id, not by id.
        "uid": identifier(profile.get("account_id"), "account_id"),
        "id": identifier(profile.get("id"), "id"),
        "name": display_name(profile.get("display_name")),
    }


def _profile_refused(status: int, text: str) -> SignInFailed:
    """Name the cause; the two that matter come as plain text, in words that have changed."""
    words = text[:1000].lower()
    if status == 403 and "registered" in words:
        return SignInFailed(Cause.NOT_ALLOWED, "not_registered", status=status)
    if status == 403 and "premium" in words:
        return SignInFailed(Cause.OWNER_WITHOUT_PREMIUM, "owner_without_premium", status=status)
    return SignInFailed(Cause.UNKNOWN, f"me_http_{status}", status=status)


oauth_login = login_view(SpotifyAdapter)
oauth_callback = callback_view(SpotifyAdapter)
