"""Signing in again through an account that is already one's own, before a sensitive change."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import connections, next_page, recent
from accounts.coming_back import AGAIN


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """Offer the person's own accounts, or a mailed code; lead to the one that they choose."""
    onward = next_page.after(request)
    own = SocialAccount.objects.filter(user_id=request.user.pk).order_by("pk")
    if request.method == "GET":
        context = {
            "next": onward,
            "accounts": [
                {
                    "pk": account.pk,
                    "provider": account.provider,
                    "provider_name": connections.provider_name(account.provider),
                    "name": connections.display_name(account),
                }
                for account in own
            ],
            "has_email": _has_email(request),
        }
        return render(request, "accounts/sign_in_again.html", context)
    if "code" in request.POST and _has_email(request):
        logout(request)
        return redirect(f"{reverse('account_request_login_code')}?{urlencode({'next': onward})}")
    account = get_object_or_404(own, pk=_number(request.POST.get("account")))
    back = f"{reverse('signed_in_again')}?{urlencode({'next': onward})}"
    response: HttpResponse = (
        get_adapter()
        .get_provider(request, account.provider)
        .redirect(request, AuthProcess.REDIRECT, next_url=back, data={AGAIN: True})
    )
    return response


@never_cache
@login_required
@require_GET
def signed_in_again(request: HttpRequest) -> HttpResponse:
    """Go on with what the person was about to do, as allauth does after a password."""
    try:
        recent.require(request)
    except ReauthenticationRequired:
        return redirect("sign_in_again")
    response: HttpResponse | None = resume_request(request)
    return response or redirect("connections")


def _has_email(request: HttpRequest) -> bool:
    return bool(EmailAddress.objects.filter(user_id=request.user.pk, verified=True).exists())


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0
