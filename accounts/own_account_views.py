"""The pages of a person's own account: what belongs to it, sessions, data, and leaving."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import export, leaving, tasks, ways_in
from accounts.forms import DeleteForm
from accounts.signed_in import person
from spotsite import clock, nudges

fresh_sign_in_required = reauthentication_required(app="accounts")


@never_cache
@login_required
@require_GET
def account_page(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/account.html", {"ways": ways_in.ways_in(person(request))})


@never_cache
@login_required
@require_GET
def sessions_page(request: HttpRequest) -> HttpResponse:
    """List where the person is signed in, from the rows: no session is opened to be looked at."""
    rows = UserSession.objects.filter(user=person(request)).order_by("-created_at")
    living = set(
        Session.objects.filter(
            session_key__in=rows.values("session_key"), expire_date__gt=clock.now()
        ).values_list("session_key", flat=True)
    )
    here = request.session.session_key
    sessions = [
        {"row": row, "is_this": row.session_key == here}
        for row in rows
        if row.session_key in living or row.session_key == here
    ]
    return render(request, "accounts/sessions.html", {"sessions": sessions})


@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(UserSession.objects.filter(user=person(request)), pk=pk)
    if session.session_key == request.session.session_key:
        logout(request)
        return redirect("home")
    session.end()
    messages.success(request, "That browser is signed out.")
    return redirect("sessions")


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    others = UserSession.objects.filter(user=person(request)).exclude(
        session_key=request.session.session_key
    )
    for session in others:
        session.end()
    messages.success(request, "You are signed out everywhere else.")
    return redirect("sessions")


@never_cache
@login_required
@fresh_sign_in_required
@require_http_methods(["GET", "POST"])
def export_account(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return render(request, "accounts/export.html", {"files": sorted(export.sections)})
    response = HttpResponse(export.archive(person(request)), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="spotsite-account.zip"'
    return response


@never_cache
@login_required
@fresh_sign_in_required
@require_http_methods(["GET", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    form = DeleteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = leaving.leave(person(request))
        except leaving.StaffStays:
            return render(request, "accounts/staff_stays.html", status=403)
        logout(request)
        for withdrawal in asked:
            nudges.send_on_commit(tasks.withdraw_permission, withdrawal)
        return render(request, "accounts/left.html", {"backups": leaving.BACKUPS})
    context = {"form": form, "backups": leaving.BACKUPS}
    return render(request, "accounts/delete.html", context)
