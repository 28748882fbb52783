"""The pages of notices: the list, the switches, and the link that switches mails off."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import inbox, mailing
from accounts.signed_in import person

LIMITS = {"unsubscribe": "60/m/ip"}
_NOTICES_A_PAGE = 30


@never_cache
@login_required
@require_safe
def notices_page(request: HttpRequest) -> HttpResponse:
    """List what the person was told; what is shown is read from now on."""
    user = person(request)
    page = Paginator(user.notices.shown(), _NOTICES_A_PAGE).get_page(request.GET.get("page"))
    new = [notice for notice in page if notice.read_at is None]
    if new and request.method == "GET":
        inbox.mark_read(user, new)
    return render(
        request, "accounts/notices.html", {"page": page, "left": inbox.unread_count(user)}
    )


@login_required
@require_POST
def mark_notices_read(request: HttpRequest) -> HttpResponse:
    inbox.mark_read(person(request))
    return redirect("notices")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notice_switches(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if request.method == "POST":
        for kind in inbox.kinds.values():
            inbox.choose(
                user,
                kind,
                by_mail=f"mail-{kind.name}" in request.POST,
                in_site=f"site-{kind.name}" in request.POST,
            )
        messages.success(request, "Saved.")
        return redirect("notice_switches")
    switches = inbox.switches_of(user)
    rows = [{"kind": kind, "is": switches[name]} for name, kind in inbox.kinds.items()]
    context = {"rows": rows, "address": mailing.address_of(user)}
    return render(request, "accounts/notice_switches.html", context)


@csrf_exempt  # mail programs post here by themselves (RFC 8058); the signature takes its place
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notice_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Switch the mails of one kind off by POST, for whoever holds the mail; ask by GET."""
    if not ratelimit.consume(
        request, app="accounts", action="unsubscribe", config=LIMITS, limit_get=True
    ):
        too_many: HttpResponse = ratelimit.respond_429(request)
        return too_many
    try:
        found = mailing.subscription(token)
    except mailing.BadLink:
        return render(request, "accounts/unsubscribe_bad.html", status=404)
    if request.method == "POST":
        inbox.stop_mail(found.user, found.kind)
    is_on = inbox.wants_mail(found.user, found.kind)
    return render(request, "accounts/unsubscribe.html", {"kind": found.kind, "is_on": is_on})
