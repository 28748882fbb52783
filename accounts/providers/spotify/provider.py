"""Spotify as a way in: uid from ``account_id``, the same base scopes at every sign-in."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.http import HttpRequest, HttpResponse

from accounts import scopes
from accounts.providers.flow import FlowProvider
from accounts.providers.spotify.views import SpotifyAdapter


class SpotifyAccount(ProviderAccount):
    """A Spotify account as pages show it."""

    def to_str(self) -> str:
        data = self.account.extra_data
        return str(data.get("display_name") or data.get("id") or self.account.uid)

    def get_profile_url(self) -> str | None:
        name = self.account.extra_data.get("id")
        return f"https://open.spotify.com/user/{name}" if name else None


class SpotifyProvider(FlowProvider):
    id = "spotify"
    name = "Spotify"
    account_class = SpotifyAccount
    oauth2_adapter_class = SpotifyAdapter
    base_scopes = scopes.BASE

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Send the person to Spotify; only a plain sign-in may pass without asking them."""
        asks = process != AuthProcess.LOGIN
        given = kwargs.pop("auth_params", None) or {}
        kwargs["auth_params"] = {"show_dialog": "true" if asks else "false"} | given
        response: HttpResponse = super().redirect(request, process, next_url, data, **kwargs)
        return response

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"id": data["id"], "account_id": data["uid"], "display_name": data["name"]}


provider_classes = [SpotifyProvider]
