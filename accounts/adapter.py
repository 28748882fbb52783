"""The seams with allauth: no token outlives the request unsealed, and redirects stay on the site.

The three places that see every token that a sign-in brings are ``save_user`` (new people),
``pre_social_login`` (accounts that exist) and the signal ``social_account_added`` (accounts that
are linked); what waits between two requests goes through ``serialize_instance``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import Provider
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import conflicts, parked, tokens
from accounts.account_rules import AccountRules
from accounts.models import User
from accounts.scopes import ASKED
from accounts.sign_in import Cause, SignInFailed, failure_page
from accounts.vault import Context, Secret, seal_text, unseal_text
from spotsite import clock

log = structlog.get_logger(__name__)

UNKNOWN_ADDRESS = "::"  # a Unix socket has none; whoever comes through it shares one limit
PROVIDER_IS_DOWN = {"server_error", "temporarily_unavailable"}  # RFC 6749 4.1.2.1
WE_ARE_WRONG = {
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_response_type",
}
MFA_CONTEXT = Context("mfa_authenticator", "data")


def absorb_token(sociallogin: SocialLogin, *, consent: bool) -> None:
    """Hand the token of a sign-in to the vault and forget it, so that nothing can park it later."""
    token, account = sociallogin.token, sociallogin.account
    if token is None or account.pk is None:
        return
    sociallogin.token = None
    tokens.absorb(
        account,
        _grant(account.provider, token, asked=sociallogin.state.get(ASKED, ())),
        consent=consent,
        provider_user_id=str(account.extra_data.get("id", "")),
    )


def keep_name(user: User, sociallogin: SocialLogin) -> None:
    """Call a person who gave no name what the provider calls them."""
    data = sociallogin.account.extra_data
    name = data.get("display_name") or data.get("name") or ""
    if not user.name and name:
        user.name = name
        user.save(update_fields=["name"])


class AccountAdapter(AccountRules):
    """Sign-in by e-mail, and what every sign-in shares."""

    def is_safe_url(self, url: str) -> bool:
        """Let ``next`` name a path of this site and nothing else, not even with our own host."""
        return (
            url.startswith("/")
            and url.isprintable()
            and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that limits are kept for; a request past the proxies counts too."""
        try:
            return str(super().get_client_ip(request))
        except (ImproperlyConfigured, PermissionDenied):
            # X-Forwarded-For has fewer hops than there are trusted proxies, or holds no address.
            return request.META.get("REMOTE_ADDR") or UNKNOWN_ADDRESS


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in by a provider."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the clients of the settings: allauth's table would hold a secret in clear."""
        known = {
            "spotify": (settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET),
            "facebook": (settings.FACEBOOK_CLIENT_ID, settings.FACEBOOK_CLIENT_SECRET),
        }
        return [
            SocialApp(provider=name, client_id=own_id, secret=secret)
            for name, (own_id, secret) in known.items()
            if own_id and provider in (None, name) and client_id in (None, own_id)
        ]

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        """Take over the name, never an address: no provider of ours vouches for one."""
        user: User = sociallogin.user
        user.name = data.get("name") or ""
        user.email = None
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            absorb_token(sociallogin, consent=True)
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if not sociallogin.account.pk:
            return
        process = sociallogin.state.get("process")
        if process == AuthProcess.LOGIN:
            absorb_token(sociallogin, consent=False)
            keep_name(sociallogin.user, sociallogin)
        elif sociallogin.user == request.user:
            absorb_token(sociallogin, consent=process == AuthProcess.CONNECT)
        elif process == AuthProcess.CONNECT and request.user.is_authenticated:
            raise ImmediateHttpResponse(conflicts.park(request, sociallogin))
        else:
            sociallogin.token = None  # somebody else's, or nobody is here any more

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("connections")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Provider,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Answer every failed sign-in with the page that says its cause."""
        state = (extra_context or {}).get("state")
        cause, wait = _cause(request, state, error, exception), None
        if isinstance(exception, SignInFailed):
            wait = exception.wait
        _report(provider, cause, exception)
        page = failure_page(
            request,
            provider_name=provider.name,
            cause=cause,
            connecting=(state or {}).get("process") == AuthProcess.CONNECT,
            wait=wait,
        )
        raise ImmediateHttpResponse(page)

    def serialize_instance(self, instance: Model) -> dict[str, str]:
        return parked.park(instance)

    def deserialize_instance(self, model: type[Model], data: Any) -> Model:
        return parked.unpark(model, data)


class MFAAdapter(DefaultMFAAdapter):
    """Second factors; their secrets are sealed."""

    def encrypt(self, text: str) -> str:
        return seal_text(text, context=MFA_CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal_text(encrypted_text, context=MFA_CONTEXT).reveal()


def _grant(provider: str, token: Any, *, asked: Iterable[str]) -> tokens.Grant:
    scope = getattr(token, "scope", None)
    scopes = tuple(asked if scope is None else scope.split())
    life = max(token.expires_at - clock.now(), timedelta(0))
    if provider == "facebook":
        # It proves who somebody is and is not needed again: withdrawal uses our own app token.
        return tokens.Grant(None, None, life, scopes)
    refresh = Secret(token.token_secret) if token.token_secret else None
    return tokens.Grant(Secret(token.token), refresh, life, scopes)


def _cause(
    request: HttpRequest, state: Any, error: str | None, exception: Exception | None
) -> Cause:
    if isinstance(exception, SignInFailed):
        return exception.cause
    if state is None:
        return Cause.STATE_LOST
    if error == AuthError.CANCELLED:
        return Cause.CANCELLED
    said = request.GET.get("error", "")
    if said in PROVIDER_IS_DOWN:
        return Cause.UNAVAILABLE
    return Cause.OUR_APP if said in WE_ARE_WRONG else Cause.UNKNOWN


def _report(provider: Provider, cause: Cause, exception: Exception | None) -> None:
    """Tell operators what failed, by codes of ours: what others wrote is left out."""
    write = log.error if cause.is_for_operator else log.info
    code = exception.code if isinstance(exception, SignInFailed) else str(cause)
    status = exception.status if isinstance(exception, SignInFailed) else None
    write("sign-in failed", provider=provider.id, cause=str(cause), why=code, status=status)
