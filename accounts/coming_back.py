"""Coming back from a provider: is it the account that the person set out with?"""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from accounts import connections, recent

# Marks in the state of a trip to a provider, kept in the session.
AGAIN = "again"
RECONNECT = "reconnect"


def judge(
    sender: type[SocialLogin], request: HttpRequest, sociallogin: SocialLogin, **kwargs: Any
) -> None:
    """Judge what a provider sent back, where a person set out to sign in again or to reconnect."""
    asked = sociallogin.state.get("data") or {}
    process = sociallogin.state.get("process")
    again = process == AuthProcess.REDIRECT and asked.get(AGAIN)
    if again and not recent.accept(request, sociallogin):
        messages.error(request, _strange(sociallogin))
        raise ImmediateHttpResponse(redirect("sign_in_again"))
    reconnects = process == AuthProcess.CONNECT and RECONNECT in asked
    if reconnects and sociallogin.account.pk != asked[RECONNECT]:
        messages.error(request, _other(sociallogin))
        raise ImmediateHttpResponse(redirect("connections"))


def _strange(sociallogin: SocialLogin) -> str:
    name = connections.display_name(sociallogin.account)
    return (
        f"The account that came back ({name}) is not one of those linked here, so nothing was "
        "done. Sign out over there, or choose another account, and try again."
    )


def _other(sociallogin: SocialLogin) -> str:
    name = connections.display_name(sociallogin.account)
    return (
        f"You came back as {name}, which is not the account that you wanted to reconnect. "
        "Sign out over there, or press “Not you?” on its page, and try again."
    )
