"""Facebook as a way in: it proves who somebody is, and nothing of its token is kept."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.http import HttpRequest, HttpResponse

from accounts import scopes
from accounts.providers.facebook.views import FacebookAdapter
from accounts.providers.flow import FlowProvider


class FacebookAccount(ProviderAccount):
    """A Facebook account as pages show it."""

    def to_str(self) -> str:
        return str(self.account.extra_data.get("name") or self.account.uid)


class FacebookProvider(FlowProvider):
    id = "facebook"
    name = "Facebook"
    account_class = FacebookAccount
    oauth2_adapter_class = FacebookAdapter
    base_scopes = scopes.FACEBOOK_BASE

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Send the person to Facebook; who signs in again is asked for the password there."""
        if process == AuthProcess.REDIRECT:
            kwargs["auth_params"] = {"auth_type": "reauthenticate"}
        response: HttpResponse = super().redirect(request, process, next_url, data, **kwargs)
        return response

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"id": data["uid"], "name": data["name"]}


provider_classes = [FacebookProvider]
