"""The page behind the link in a mail about a held run: it shows, and its buttons decide."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from playlists import decisions, tasks
from playlists.decisions import BadLink, Choice, LinkIsOld

LIMITS = {"decide": "60/m/ip"}
_TEMPLATE = "playlists/decide.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a held run would do; approve or cancel it by POST, for whoever holds the link."""
    if not ratelimit.consume(
        request, app="playlists", action="decide", config=LIMITS, limit_get=True
    ):
        too_many: HttpResponse = ratelimit.respond_429(request)
        return too_many
    try:
        return _decide(request, token)
    except BadLink:
        return render(request, _TEMPLATE, {"trouble": "bad"}, status=404)
    except LinkIsOld:
        return render(request, _TEMPLATE, {"trouble": "old"}, status=410)


def _decide(request: HttpRequest, token: str) -> HttpResponse:
    chosen = request.POST.get("choice", "")
    if request.method != "POST" or chosen not in {choice.value for choice in Choice}:
        return render(request, _TEMPLATE, {"run": decisions.find(token)})
    choice = Choice(chosen)
    try:
        with transaction.atomic():
            run = decisions.decide(token, choice)
            if choice is Choice.APPROVE:
                tasks.nudge_on_commit(run)
    except IntegrityError:
        context = {"run": decisions.find(token), "busy": True}
        return render(request, _TEMPLATE, context, status=409)
    return render(request, _TEMPLATE, {"run": run, "decided": choice.value})
