"""A fresh sign-in: the proof, at most ten minutes old, that sensitive changes ask for.

allauth asks for the password or a second factor again. Whoever has neither is always fresh to it
(account/internal/flows/reauthentication.py: did_recently_reauthenticate); here they sign in again
with an account that is already theirs.
"""

from __future__ import annotations

import time
from datetime import timedelta

from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from accounts.models import User

FRESH = timedelta(minutes=10)


def has_own_proof(user: User) -> bool:
    """Say whether allauth can ask this person itself, for a password or a second factor."""
    if is_mfa_enabled(user):
        return True
    return user.has_usable_password() and EmailAddress.objects.filter(user=user).exists()


def require(request: HttpRequest) -> None:
    """Raise where a person without password and second factor did not sign in lately."""
    user = request.user
    if isinstance(user, User) and not has_own_proof(user) and not signed_in_lately(request):
        raise ReauthenticationRequired


def signed_in_lately(request: HttpRequest) -> bool:
    """Say whether this session saw a sign-in by mailed code or through an own account lately."""
    records = get_authentication_records(request, request.user)
    since = time.time() - FRESH.total_seconds()  # allauth stamps its records with this clock
    lately = [record for record in records if record["at"] >= since]
    if any(record["method"] == "code" for record in lately):
        return True
    seen = {
        (record.get("provider"), record.get("uid"))
        for record in lately
        if record["method"] == "socialaccount"
    }
    own = SocialAccount.objects.filter(user_id=request.user.pk).values_list("provider", "uid")
    return bool(seen) and not seen.isdisjoint(own)


def accept(request: HttpRequest, sociallogin: SocialLogin) -> bool:
    """Take what came back from a provider for a fresh sign-in, if it is one of the person's own."""
    account = sociallogin.account
    if account.pk is None or account.user_id != request.user.pk:
        return False
    record_authentication(
        request,
        account.user,
        "socialaccount",
        provider=account.provider,
        uid=account.uid,
        reauthenticated=True,
    )
    return True


def renew_session(request: HttpRequest) -> None:
    """Give the session a new key, and its entry in the person's list too; the old key is dead."""
    old = request.session.session_key
    request.session.cycle_key()
    listed = UserSession.objects.filter(session_key=old)
    if listed.exists():  # a session that is its own cookie is in no list, and too long for it
        listed.update(session_key=request.session.session_key)
