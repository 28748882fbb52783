"""The pages of a person's linked accounts: see, connect, reconnect, disconnect; a second way in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import connections, next_page, scopes, tasks, ways_in, withdrawals
from accounts.calendar import consent_end
from accounts.coming_back import RECONNECT
from accounts.models import Credential
from accounts.signed_in import person
from accounts.ways_in import LastWayIn
from spotsite import nudges

SKIPPED = "accounts_second_way_in_skipped"

fresh_sign_in_required = reauthentication_required(app="accounts")


@never_cache
@login_required
@require_GET
def connections_page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    accounts = connections.linked_accounts(user)
    context = {
        "accounts": accounts,
        "providers": connections.configured_providers(),
        "withdrawals": withdrawals.open_of(user),
        "outages": sorted({row.provider_name for row in accounts if row.is_in_outage}),
        "next": next_page.asked(request),
        "wants_second_way_in": any(account.is_last_way_in for account in accounts),
    }
    return render(request, "accounts/connections.html", context)


@login_required
@fresh_sign_in_required
@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest, provider: str) -> HttpResponse:
    """Start linking one more account; the provider shows which one before it says yes."""
    if provider not in dict(connections.configured_providers()):
        raise Http404
    if request.method == "GET":  # where a person lands who had to sign in again first
        name = connections.provider_name(provider)
        context = {"provider": provider, "name": name, "next": next_page.after(request)}
        return render(request, "accounts/connect.html", context)
    return _to_provider(request, provider, data={})


@login_required
@fresh_sign_in_required
@require_http_methods(["GET", "POST"])
def reconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for consent again, for one account that is linked already."""
    account = _own_account(request, pk)
    if request.method == "GET":
        context = {
            "provider": account.provider,
            "name": connections.display_name(account),
            "extras": connections.extras(account, wanted=request.GET.getlist("want")),
            "next": next_page.after(request),
        }
        return render(request, "accounts/connect.html", context)
    credential = Credential.objects.filter(account=account).first()
    stored = credential.scopes if credential is not None else ()
    return _to_provider(request, account.provider, data={RECONNECT: account.pk}, stored=stored)


@login_required
@fresh_sign_in_required
@require_http_methods(["GET", "POST"])
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    account = _own_account(request, pk)
    name = connections.display_name(account)
    if request.method == "GET":
        facts = next(row for row in connections.linked_accounts(person(request)) if row.pk == pk)
        return render(request, "accounts/disconnect.html", {"account": facts})
    try:
        withdrawal = connections.disconnect(account)
    except LastWayIn as exc:
        messages.error(request, str(exc))
        return redirect("connections")
    if withdrawal is not None:
        nudges.send_on_commit(tasks.withdraw_permission, withdrawal)
    messages.success(request, _goodbye(account, name))
    return redirect("connections")


@login_required
@require_GET
def access_ends(request: HttpRequest, pk: int) -> HttpResponse:
    """Serve the day on which consent ends as a calendar file."""
    credential = get_object_or_404(
        Credential.objects.of(person(request)).select_related("account"),
        account_id=pk,
        reauth_due_at__isnull=False,
    )
    name = connections.provider_name(credential.provider)
    text = consent_end(credential, provider_name=name)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{credential.provider}-access.ics"'
    return response


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def second_way_in(request: HttpRequest) -> HttpResponse:
    """Say why one way in is not enough, and offer a second; it may be put off."""
    if request.method == "POST":
        request.session[SKIPPED] = True
        messages.info(request, "All right. You find it under Connections when you want it.")
        return redirect("home")
    ways = ways_in.ways_in(person(request))
    return render(request, "accounts/second_way_in.html", {"ways": ways})


def _own_account(request: HttpRequest, pk: int) -> SocialAccount:
    return get_object_or_404(SocialAccount.objects.filter(user=person(request)), pk=pk)


def _to_provider(
    request: HttpRequest, provider: str, *, data: dict[str, Any], stored: Iterable[str] = ()
) -> HttpResponse:
    """Send the person to the provider, to ask for what they chose and what they gave before."""
    asked: dict[str, Any] = {}
    if provider == "spotify":
        asked["scope"] = scopes.to_ask(stored, request.POST.getlist("extra"))
    onward = next_page.after(request)
    response: HttpResponse = (
        get_adapter()
        .get_provider(request, provider)
        .redirect(request, AuthProcess.CONNECT, next_url=onward, data=data, **asked)
    )
    return response


def _goodbye(account: SocialAccount, name: str) -> str:
    provider = connections.provider_name(account.provider)
    if account.provider in withdrawals.WITHDRAWABLE:
        return (
            f"{provider} account {name} is disconnected. We are taking the permission back there."
        )
    return (
        f"{provider} account {name} is disconnected, and its tokens are erased. {provider} lets no "
        "site take the permission back, so remove it there too if you like."
    )
