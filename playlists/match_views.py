"""The pages that bring a list from elsewhere, ask about its lines, and have it used."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import AccountError
from accounts.models import Credential, User
from accounts.signed_in import person
from playlists import library, matchings, outcomes, tasks, uploads, versions
from playlists.budget import Paused
from playlists.connection import Connection
from playlists.match_forms import BringForm
from playlists.matchings import NotFoundHere
from playlists.models import Matching, MatchLine
from playlists.spotify.errors import SpotifyError
from playlists.stored_lists import TooManyLists
from spotsite import bodies, clock

_LISTS_A_PAGE = 50
_LINES_A_PAGE = 20
_WORDS = 200
_TOO_MUCH_TEXT = "That is too much text to paste. Save it as a file and upload that."
_NOT_CONNECTED = "No Spotify account is connected that can be used now. Connect one first."
_GONE = "One choice is not among what was found any more. Please choose again."
_NO_WORDS = "Type some words to search for."
_SHOWN = [MatchLine.State.AMBIGUOUS, MatchLine.State.MISSING, MatchLine.State.MATCHED]
_SHOWN += [MatchLine.State.SKIPPED]


@never_cache
@login_required
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    mine = person(request).matchings.order_by("-created_at").defer("unread")
    page = Paginator(mine, _LISTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "playlists/matchings.html", {"page": page})


@never_cache
@csrf_exempt  # the size of an upload is looked at first; then _bring asks for the token
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    upload = uploads.ListUpload(request)
    request.upload_handlers = [upload]
    try:
        request.POST  # noqa: B018 -- parses the body
    except RequestDataTooBig:
        bodies.drain(request)
        return _form(request, BringForm(), trouble=_TOO_MUCH_TEXT, status=413)
    return _bring(request, too_big="file" in upload.too_big)


@csrf_protect
def _bring(request: HttpRequest, *, too_big: bool) -> HttpResponse:
    if request.method != "POST":
        return _form(request, BringForm())
    form = BringForm(request.POST, request.FILES, too_big=too_big)
    credential = _credential(person(request))
    if credential is None or not form.is_valid():
        return _form(request, form)
    data = form.cleaned_data
    with transaction.atomic():
        matching = matchings.bring(person(request), credential, data["reading"], name=data["name"])
        if matching.is_active:
            tasks.nudge_matching_on_commit(matching)
    return redirect(matching)


def _form(
    request: HttpRequest, form: BringForm, *, trouble: str = "", status: int = 200
) -> HttpResponse:
    connected = _credential(person(request)) is not None
    context = {"form": form, "trouble": trouble, "connected": connected}
    return render(request, "playlists/bring.html", context, status=status)


@never_cache
@login_required
@require_safe
def matching_page(request: HttpRequest, uuid: str) -> HttpResponse:
    """Show how far the searches are, and what can be done with the list."""
    matching = _matching(request, uuid)
    counts = matchings.counts(matching)
    context = {
        "run": matching,
        "counts": counts,
        "open": counts["ambiguous"] + counts["missing"],
        "most_unread": matching.unread[:50],
    }
    return render(request, "playlists/matching.html", context)


@never_cache
@login_required
@require_safe
def matching_json(request: HttpRequest, uuid: str) -> JsonResponse:
    matching = get_object_or_404(person(request).matchings.defer("unread"), uuid=uuid)
    return JsonResponse(
        {
            "state": matching.state,
            "label": matching.get_state_display(),
            "done": matching.done,
            "total": matching.total,
            "error": matching.sentence,
            "code": matching.code,
            "resumes_at": matching.not_before,
            "cancelling": False,
        }
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lines(request: HttpRequest, uuid: str) -> HttpResponse:
    """Ask about lines, some a page; a person's answers, and one search by text, come by POST."""
    matching = _matching(request, uuid)
    if request.method == "POST":
        return _answered(request, matching)
    state = request.GET.get("show", "")
    states = [state] if state in _SHOWN else list(MatchLine.OPEN)
    rows = matching.lines.filter(state__in=states).order_by("position")
    page = Paginator(rows, _LINES_A_PAGE).get_page(request.GET.get("page"))
    found = {row.pk: row for row in page}
    titles = versions.titled([row.uri for row in found.values()])
    context = {
        "run": matching,
        "counts": matchings.counts(matching),
        "page": page,
        "show": state if state in _SHOWN else "",
        "rows": [
            {"line": row, "track": track, "words": _words(row)}
            for row, track in zip(found.values(), titles, strict=True)
        ],
    }
    return render(request, "playlists/match_lines.html", context)


def _answered(request: HttpRequest, matching: Matching) -> HttpResponse:
    chosen = {
        name.removeprefix("line-"): str(value)
        for name, value in request.POST.items()
        if name.startswith("line-") and name.removeprefix("line-").isdecimal() and value
    }
    # What a page can hold and no more: nobody sends thousands.
    wanted = [int(pk) for pk in list(chosen)[:_LINES_A_PAGE] if len(pk) < 19]
    rows = matching.lines.exclude(state=MatchLine.State.WAITING).filter(pk__in=wanted)
    saved = sum(_choose(request, row, chosen[str(row.pk)]) for row in rows)
    if saved:
        messages.success(request, f"{saved} saved, and remembered for lists to come.")
    if "search" in request.POST:
        return _searched(request, matching)
    return redirect(_back(request, matching))


def _choose(request: HttpRequest, row: MatchLine, choice: str) -> bool:
    if row.state == MatchLine.State.MATCHED and row.uri == choice:
        return False  # as it was
    try:
        matchings.choose(row, choice)
    except NotFoundHere:
        messages.error(request, _GONE)
        return False
    return True


def _searched(request: HttpRequest, matching: Matching) -> HttpResponse:
    pk = request.POST["search"]
    number = int(pk) if pk.isdecimal() and len(pk) < 19 else 0
    rows = matching.lines.exclude(state=MatchLine.State.WAITING)
    row = get_object_or_404(rows, pk=number)
    credential = _credential(person(request))
    if credential is None:
        messages.error(request, _NOT_CONNECTED)
        return redirect(_back(request, matching))
    try:
        words = request.POST.get(f"words-{row.pk}", "")[:_WORDS]
        found = matchings.search(row, words, Connection(credential))
    except ValueError:
        messages.error(request, _NO_WORDS)
    except (SpotifyError, AccountError, Paused) as exc:
        messages.error(request, outcomes.for_page(exc, now=clock.now()))
    else:
        messages.info(request, f"Line {row.number}: {found} found.")
    return redirect(_back(request, matching, at=row))


def _back(request: HttpRequest, matching: Matching, *, at: MatchLine | None = None) -> str:
    """Return the page of lines that was being looked at."""
    show, page = request.POST.get("show", ""), request.POST.get("page", "")
    query = f"?show={show}" if show in _SHOWN else "?"
    query += f"&page={page}" if page.isdecimal() else ""
    anchor = f"#line-{at.pk}" if at is not None else ""
    return f"{reverse('match_lines', args=[matching.uuid])}{query}{anchor}"


@login_required
@require_POST
def retry(request: HttpRequest, uuid: str) -> HttpResponse:
    matching = _matching(request, uuid)
    with transaction.atomic():
        if matching.retry():
            tasks.nudge_matching_on_commit(matching)
    return redirect(matching)


@login_required
@require_POST
def cancel(request: HttpRequest, uuid: str) -> HttpResponse:
    matching = _matching(request, uuid)
    matching.cancel()
    return redirect(matching)


@login_required
@require_POST
def store(request: HttpRequest, uuid: str) -> HttpResponse:
    """Keep the list as a source of recipes."""
    matching = _matching(request, uuid)
    try:
        kept = matchings.store(matching)
    except TooManyLists as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, f"Stored with {len(kept.uris):,} tracks, as a source of recipes.")
    return redirect(matching)


@login_required
@require_POST
def delete(request: HttpRequest, uuid: str) -> HttpResponse:
    _matching(request, uuid).delete()
    return redirect("matchings")


def _words(row: MatchLine) -> str:
    line = matchings.line_of(row)
    return " ".join(part for part in (line.artists, line.title) if part)[:_WORDS]


def _credential(user: User) -> Credential | None:
    return next(iter(library.credentials_of(user)), None)


def _matching(request: HttpRequest, uuid: str) -> Matching:
    found: Any = get_object_or_404(person(request).matchings, uuid=uuid)
    assert isinstance(found, Matching)  # noqa: S101 -- narrows
    return found
