"""Where an identity belongs to another local account: sign in there, cancel, or move it here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from smtplib import SMTPException

from allauth.account.decorators import reauthentication_required
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import conflicts, connections
from accounts.conflicts import Conflict, NotMovable, Proof
from accounts.forms import CodeProof, NoProof, PasswordProof
from accounts.models import User

log = logging.getLogger(__name__)

FORMS: dict[Proof, Callable[..., forms.Form]] = {
    Proof.NOTHING: NoProof,
    Proof.CODE: CodeProof,
    Proof.PASSWORD: PasswordProof,
}


@never_cache
@login_required
@require_GET
def connection_conflict(request: HttpRequest) -> HttpResponse:
    conflict = conflicts.parked(request)
    if conflict is None:
        return _over(request)
    context = {
        "conflict": conflict,
        "provider_name": connections.provider_name(conflict.provider),
    }
    return render(request, "accounts/conflict.html", context)


@login_required
@require_POST
def conflict_cancel(request: HttpRequest) -> HttpResponse:
    conflicts.drop(request)
    messages.info(request, "Nothing was changed.")
    return redirect("connections")


@login_required
@require_POST
def conflict_sign_in(request: HttpRequest) -> HttpResponse:
    """Leave this account and sign in to the other one, by the identity that belongs to it."""
    conflict = conflicts.parked(request)
    if conflict is None:
        return _over(request)
    logout(request)
    response: HttpResponse = (
        get_adapter()
        .get_provider(request, conflict.provider)
        .redirect(request, AuthProcess.LOGIN, next_url=reverse("connections"))
    )
    return response


@never_cache
@login_required
@reauthentication_required(app="accounts")
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
def conflict_move(request: HttpRequest) -> HttpResponse:
    """Move the identity here, after what the other account asks for."""
    conflict = conflicts.parked(request)
    if conflict is None:
        return _over(request)
    account = SocialAccount.objects.select_related("user").get(pk=conflict.account_pk)
    proof = conflicts.asked_of(account.user)
    data = request.POST if request.method == "POST" else None
    form = FORMS[proof](data, user=account.user)
    if request.method == "POST" and form.is_valid():
        return _move(request, conflict)
    context = {
        "conflict": conflict,
        "provider_name": connections.provider_name(conflict.provider),
        "form": form,
        "proof": proof,
        "closes": conflicts.closes_with(account),
    }
    return render(request, "accounts/conflict_move.html", context)


def _move(request: HttpRequest, conflict: Conflict) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 -- narrows what login_required let through
    try:
        address = conflicts.move(conflict, to=user)
    except NotMovable as exc:
        messages.error(request, str(exc))
    else:
        if address:
            _tell(address, conflict)
        name = connections.provider_name(conflict.provider)
        messages.success(request, f"{name} account {conflict.name} now belongs to this account.")
    conflicts.drop(request)
    return redirect("connections")


def _tell(address: str, conflict: Conflict) -> None:
    """Mail the person whose account the identity has left, in case it was not they who moved it."""
    context = {"provider": connections.provider_name(conflict.provider), "name": conflict.name}
    subject = render_to_string("accounts/mail/account_moved_subject.txt", context)
    body = render_to_string("accounts/mail/account_moved.txt", context)
    try:
        send_mail(" ".join(subject.split()), body, None, [address])
    except (SMTPException, OSError) as exc:
        log.warning("the mail about a moved account was not taken: %s", type(exc).__name__)


def _over(request: HttpRequest) -> HttpResponse:
    messages.info(
        request, "There is nothing to decide any more. Connect again if you still want to."
    )
    return redirect("connections")
