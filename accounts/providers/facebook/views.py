"""Facebook's code flow: exchange by POST, then both questions that make a token worth believing."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from django.conf import settings
from django.http import HttpRequest

from accounts.providers.facebook import graph
from accounts.providers.flow import CodeClient, FlowAdapter, callback_view, login_view
from accounts.sign_in import Cause, SignInFailed


class FacebookClient(CodeClient):
    """Proves who we are in the form; allauth's own would put secret and code into an address."""

    def authenticate(self, form: dict[str, str], headers: dict[str, str]) -> None:
        form["client_id"] = self.consumer_key
        form["client_secret"] = self.consumer_secret

    def refusal(self, status: int, answer: dict[str, Any]) -> SignInFailed:
        return graph.refusal(status, answer)


class FacebookAdapter(FlowAdapter):
    provider_id = "facebook"
    client_class = FacebookClient
    scope_delimiter = ","

    @property
    def authorize_url(self) -> str:
        return str(settings.FACEBOOK_DIALOG_URL)

    @property
    def access_token_url(self) -> str:
        return f"{settings.FACEBOOK_GRAPH_URL}/oauth/access_token"

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        inspection = graph.inspect(token.token)
        profile = graph.profile(token.token)
        if profile["uid"] != inspection.user_id:
            raise SignInFailed(Cause.WRONG_TOKEN, "token_of_somebody_else")
        token.scope = " ".join(inspection.scopes)
        return self.get_provider().sociallogin_from_response(request, profile)


oauth_login = login_view(FacebookAdapter)
oauth_callback = callback_view(FacebookAdapter)
