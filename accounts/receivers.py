"""The seams with allauth's signals."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.signals import pre_social_login, social_account_added
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import coming_back, recent, tasks, ways_in
from accounts.adapter import absorb_token, keep_name
from accounts.signals import credential_lost, provider_trouble
from spotsite import nudges


@receiver(social_account_added)
def on_account_added(
    sender: type[SocialLogin], request: HttpRequest, sociallogin: SocialLogin, **kwargs: Any
) -> None:
    """An account was linked, at once or after a password was asked: that is consent."""
    absorb_token(sociallogin, consent=True)
    keep_name(sociallogin.user, sociallogin)
    recent.renew_session(request)


@receiver(authentication_step_completed)
def on_step_completed(request: HttpRequest, **kwargs: Any) -> None:
    """Somebody proved again who they are: the session goes on under a new key."""
    if kwargs.get("reauthenticated"):
        recent.renew_session(request)


@receiver(credential_lost)
@receiver(provider_trouble)
def on_trouble(sender: object, **kwargs: Any) -> None:
    """Somebody may have to be told; where the nudge is lost, beat's next one finds the row."""
    nudges.send(tasks.remind)


pre_social_login.connect(coming_back.judge, sender=SocialLogin)
for way_in in (SocialAccount, EmailAddress, Authenticator):
    pre_delete.connect(ways_in.keep_one, sender=way_in)
