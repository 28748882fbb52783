"""The authorization code flow that both providers share: PKCE always, nothing from the query.

allauth's views and state stay in charge; what is replaced is how we speak to a provider
(``spotsite.http``), which addresses we name (``PUBLIC_URL``, never the Host header) and what a
failure looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from allauth.core import ratelimit
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)
from allauth.utils import get_request_param
from django.conf import settings
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.scopes import ASKED
from accounts.sign_in import Cause, SignInFailed, failure_page
from spotsite import clock, http

CALL_SECONDS = 8.0  # a person waits, and there are up to three calls
DEFAULT_LIFE = timedelta(hours=1)  # RFC 6749 5.1 lets a server leave expires_in out
MAX_LIFE = timedelta(days=366)

View = Callable[[HttpRequest], HttpResponse]


def ask(method: str, url: str, **kwargs: Any) -> requests.Response:
    """Make one call for a person who waits; raise ``SignInFailed`` where only time can help."""
    try:
        response = http.send(method, url, deadline=CALL_SECONDS, **kwargs)
    except http.Unreachable as exc:
        code = "timeout" if isinstance(exc, http.TimedOut) else "unreachable"
        raise SignInFailed(Cause.UNAVAILABLE, code) from None
    status = response.status_code
    if status == 429:
        after = response.headers.get("Retry-After", "")
        wait = int(after) if after.isdecimal() and len(after) < 8 else None
        raise SignInFailed(Cause.BUSY, "http_429", status=status, wait=wait)
    if status >= 500 or 300 <= status < 400:
        raise SignInFailed(Cause.UNAVAILABLE, f"http_{status}", status=status)
    return response


def document(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; anything else is no answer."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise SignInFailed(Cause.UNAVAILABLE, "not_json", status=response.status_code) from None
    return body


class CodeClient(OAuth2Client):
    """Trades a code for a token by POST, with the verifier, through our one HTTP client."""

    def get_access_token(
        self, code: str, pkce_code_verifier: str | None = None, extra_data: Any = None
    ) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback_url,
            "code_verifier": pkce_code_verifier or "",
        }
        headers = {"Accept": "application/json"}
        self.authenticate(form, headers)
        response = ask("POST", self.access_token_url, data=form, headers=headers)
        answer = document(response)
        if response.status_code != 200:
            raise self.refusal(response.status_code, answer)
        if not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
            raise SignInFailed(Cause.UNAVAILABLE, "no_access_token")
        return answer

    def authenticate(self, form: dict[str, str], headers: dict[str, str]) -> None:
        """Say who we are, in the header or the form."""
        raise NotImplementedError

    def refusal(self, status: int, answer: dict[str, Any]) -> SignInFailed:
        """Name the cause of a token endpoint's error."""
        raise NotImplementedError


class FlowAdapter(OAuth2Adapter):
    """Addresses from the settings of the moment; a token's life by the site's clock."""

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return f"{settings.PUBLIC_URL}{reverse(f'{self.provider_id}_callback')}"

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        refresh, scope = data.get("refresh_token"), data.get("scope")
        token = SocialToken(
            token=data["access_token"],
            token_secret=refresh if isinstance(refresh, str) else "",
            expires_at=clock.now() + _life(data.get("expires_in")),
        )
        # Survives being parked. None means: what was asked (RFC 6749 5.1).
        token.scope = scope if isinstance(scope, str) else None
        return token


class FlowProvider(OAuth2Provider):
    """A provider whose scopes and parameters are ours alone; no e-mail is taken from it.

    Neither provider vouches for an address, so one is never stored, merged or compared.
    """

    base_scopes: tuple[str, ...] = ()

    def get_pkce_params(self) -> dict[str, Any]:
        params: dict[str, Any] = generate_code_challenge()
        return params

    def get_scope(self) -> list[str]:
        return list(self.base_scopes)

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return self.get_scope()

    def get_auth_params(self) -> dict[str, str]:
        return {}

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:
        return self.get_auth_params()

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Sign in and nothing else: connecting starts at our own pages."""
        kwargs: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        return kwargs | {"process": AuthProcess.LOGIN}

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Send the person to the provider, and keep in the state what they are asked for."""
        scope = kwargs.get("scope") or self.get_scope()
        kwargs |= {"scope": scope, ASKED: list(scope)}
        response: HttpResponse = super().redirect(request, process, next_url, data, **kwargs)
        return response

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["uid"])

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"name": data["name"]}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []


def login_view(adapter: type[FlowAdapter]) -> View:
    """Return the view that starts a sign-in: a page on GET, the flow on POST, limited."""
    start = OAuth2LoginView.adapter_view(adapter)

    @require_http_methods(["GET", "POST"])
    def login(request: HttpRequest) -> HttpResponse:
        _require_app(request, adapter.provider_id)
        if get_request_param(request, "process") == AuthProcess.CONNECT:
            return redirect("connect", adapter.provider_id)  # which asks for a fresh sign-in first
        refused: HttpResponse | None = ratelimit.consume_or_429(request, action="provider_login")
        response: HttpResponse = refused or start(request)
        return response

    return login


def callback_view(adapter: type[FlowAdapter]) -> View:
    """Return the view that a provider sends people back to; its pages are not kept."""
    finish = OAuth2CallbackView.adapter_view(adapter)

    @require_GET
    def callback(request: HttpRequest) -> HttpResponse:
        app = _require_app(request, adapter.provider_id)
        try:
            response: HttpResponse = finish(request)
        except IntegrityError:
            # Two first sign-ins of one account at the same moment: the other one made the row.
            name = app.get_provider(request).name
            response = failure_page(
                request, provider_name=name, cause=Cause.COLLISION, connecting=False, wait=None
            )
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return callback


def _require_app(request: HttpRequest, provider_id: str) -> SocialApp:
    try:
        return get_adapter().get_app(request, provider_id)
    except SocialApp.DoesNotExist:
        raise Http404(f"{provider_id} is not set up") from None


def _life(value: Any) -> timedelta:
    if isinstance(value, int) and 0 < int(value) <= MAX_LIFE.total_seconds():
        return timedelta(seconds=value)
    return DEFAULT_LIFE
