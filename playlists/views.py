"""The pages that put a list into a playlist and show how it goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import AccountError
from accounts.models import Credential, User
from accounts.signed_in import person
from playlists import (
    ledgers,
    library,
    matchings,
    outcomes,
    outline,
    preview,
    recipe_rows,
    restore,
    tasks,
    uploads,
    versions,
)
from playlists.budget import Paused
from playlists.connection import Connection
from playlists.forms import NEW, NOT_SHOWN, PutForm, chosen_playlist, name_of, new_of
from playlists.library import Target
from playlists.models import Matching, Run
from playlists.spotify.errors import SpotifyError
from spotsite import bodies, clock

_RUNS_A_PAGE = 50
_SHOWN = 50  # titles in a list of what was left out
_LONG_OF_RUN_PAGE = ("before__packed", "after__packed")
_TOO_MUCH_TEXT = "That is too much text to paste. Save it as a file and upload that."
_STALE = "The playlist has changed since you looked. This is what would happen now."
_BUSY = "Another run is at work on this playlist. Wait until it has ended."


@never_cache
@csrf_exempt  # the size of an upload is looked at first; then _put asks for the token all the same
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def put(request: HttpRequest) -> HttpResponse:
    upload = uploads.ListUpload(request)
    request.upload_handlers = [upload]
    try:
        request.POST  # noqa: B018 -- parses the body
    except RequestDataTooBig:
        bodies.drain(request)
        page = _Page(person(request))
        form = page.form(None)
        return page.render(request, form, trouble=_TOO_MUCH_TEXT, status=413)
    return _put(request, too_big="file" in upload.too_big)


@csrf_protect
def _put(request: HttpRequest, *, too_big: bool) -> HttpResponse:
    page = _Page(person(request), fresh="fresh" in request.GET, matching=_brought(request))
    if request.method != "POST":
        return page.render(request, page.form(None))
    data = request.POST.copy()
    wish = chosen_playlist(str(data.get("playlist", "")))
    data["playlist"] = wish
    page.look_for(wish)
    form = page.form(data, files=request.FILES, too_big=too_big)
    if not page.usable:
        return page.render(request, page.form(None, initial=data.dict()))
    if not form.is_valid():
        return page.render(request, form)
    try:
        draft = _draft(person(request), form.cleaned_data)
    except (SpotifyError, AccountError, Paused) as exc:
        form.add_error(None, outcomes.for_page(exc, now=clock.now()))
        return page.render(request, form)
    return redirect("put_preview", uuid=draft.uuid)


def _brought(request: HttpRequest) -> Matching | None:
    """Return the list from elsewhere that is to be put, None where the form asks for one."""
    uuid = request.GET.get("from", "")
    if not uuid:
        return None
    try:
        known = UUID(uuid)
    except ValueError:
        raise Http404 from None
    return get_object_or_404(Matching, user=person(request), uuid=known)


class _Page:
    """The form's page: whose playlists are offered, and what kept us from getting them."""

    def __init__(
        self, user: User, *, fresh: bool = False, matching: Matching | None = None
    ) -> None:
        self.matching = matching
        self.tracks = matchings.tracks(matching) if matching is not None else None
        self.credentials = library.credentials_of(user)
        self.targets: list[Target] = []
        self.troubles: dict[int, str] = {}  # by the account
        self._load(fresh=fresh)

    def _load(self, *, fresh: bool) -> None:
        self.targets, self.troubles = [], {}
        for credential in self.credentials:
            try:
                for target in library.targets(credential, fresh=fresh):
                    self._add(target)
            except (SpotifyError, AccountError, Paused) as exc:
                sentence = outcomes.for_listing(exc, now=clock.now())
                self.troubles[credential.account_id] = sentence

    @property
    def usable(self) -> bool:
        return len(self.troubles) < len(self.credentials)

    @property
    def trouble(self) -> str:
        """Say what is wrong, and with which account where there are several."""
        if len(self.credentials) < 2:
            return " ".join(self.troubles.values())
        return " ".join(
            f"{name_of(credential.account)}: {self.troubles[credential.account_id]}"
            for credential in self.credentials
            if credential.account_id in self.troubles
        )

    def look_for(self, playlist_id: str) -> None:
        """Ask Spotify again where a playlist is wanted that the kept list does not have."""
        is_new = playlist_id.partition(":")[0] in {"", "new"}
        if not is_new and not library.find(self.targets, playlist_id):
            self._load(fresh=True)

    def form(self, data: Any, **values: Any) -> PutForm:
        accounts = [credential.account for credential in self.credentials]
        closed = self._closed()
        values.setdefault("initial", {"name": self.matching.name if self.matching else ""})
        form = PutForm(
            data,
            accounts=accounts,
            targets=self.targets,
            closed=closed,
            tracks=self.tracks,
            **values,
        )
        if self.troubles:
            form.fields["playlist"].error_messages["invalid_choice"] = NOT_SHOWN
        return form

    def _add(self, target: Target) -> None:
        """Offer a playlist once, by the account that may change it where two list it."""
        known = library.find(self.targets, target.playlist_id)
        if known is None:
            self.targets.append(target)
        elif self._lacks(known) and not self._lacks(target):
            self.targets[self.targets.index(known)] = target

    def _lacks(self, target: Target) -> str:
        mine = (one for one in self.credentials if one.account_id == target.account_id)
        return library.lacks(next(mine), public=target.public)

    def _closed(self) -> dict[str, str]:
        """Return the choices that cannot be taken now, with the reason."""
        closed = {one.playlist_id: self._lacks(one) for one in self.targets}
        for credential in self.credentials:
            is_only = len(self.credentials) == 1
            trouble = "cannot be used now" if credential.account_id in self.troubles else ""
            choice = NEW if is_only else new_of(credential.account)
            closed[choice] = trouble or library.lacks(credential, public=False)
        return {choice: reason for choice, reason in closed.items() if reason}

    def render(
        self, request: HttpRequest, form: PutForm, *, trouble: str = "", status: int = 200
    ) -> HttpResponse:
        context = {
            "form": form,
            "trouble": trouble or self.trouble,
            "connected": bool(self.credentials),
            "matching": self.matching,
        }
        return render(request, "playlists/put.html", context, status=status)


def _draft(user: User, data: dict[str, Any]) -> Run:
    """Store what is to be done, with what it would change."""
    tracks = data["tracks"]
    with transaction.atomic():  # nothing is left of it where the playlist cannot be read
        run = Run.objects.create(
            user=user,
            account=data["account"],
            mode=data["mode"],
            by_hand=data["by_hand"],
            dates=data["dates"],
            name=data["name"],
            playlist_id=data["playlist_id"],
            wanted=list(tracks.uris),
            total=len(tracks.uris),
            report=preview.report(tracks),
        )
        _look(run)
    return run


def _look(run: Run) -> None:
    credential = Credential.objects.get(account=run.account_id)
    preview.look(run, Connection(credential))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preview_page(request: HttpRequest, uuid: str) -> HttpResponse:
    """Show what would change; started by POST."""
    run = get_object_or_404(person(request).runs, uuid=uuid)
    if run.state != Run.State.DRAFT:
        return redirect(run)
    if request.method == "POST" and "put_back" in request.POST:
        run.put_back = run.report.get("left_out", [])
        run.save(update_fields=["put_back"])
        return _previewed(request, run, anew=True)
    if request.method == "POST" and run.report.get("looked") and not run.report.get("blocked"):
        if _is_stale(run):
            messages.warning(request, _STALE)
            return _previewed(request, run, anew=True)
        return _start(request, run)
    return _previewed(request, run, anew="fresh" in request.GET or "looked" not in run.report)


def _is_stale(run: Run) -> bool:
    """Say whether the preview shows a list that has changed since; who cannot know may start."""
    credential = Credential.objects.get(account=run.account_id)
    try:
        return preview.is_stale(run, Connection(credential))
    except (SpotifyError, AccountError, Paused):
        return False  # the run meets the same, and waits or says why it ends


def _previewed(request: HttpRequest, run: Run, *, anew: bool) -> HttpResponse:
    trouble = ""
    if anew:
        try:
            _look(run)
        except (SpotifyError, AccountError, Paused) as exc:
            trouble = outcomes.for_page(exc, now=clock.now())
    context = {
        "run": run,
        "trouble": trouble,
        "left_out": versions.titled(run.report.get("left_out", ())[:_SHOWN]),
        "restored": restore.version_of(run),
        "steps": recipe_rows.steps(run),
        "sentence": recipe_rows.sentence_of(run),
        "cost": recipe_rows.cost(run),
        **_plan(run),
    }
    return render(request, "playlists/preview.html", context)


def _start(request: HttpRequest, run: Run) -> HttpResponse:
    return _queue(request, run, partial(_begin, run), back="put_preview")


def _begin(run: Run) -> bool:
    """Start a draft; a recipe that was only looked at so far runs by its schedule from now on."""
    if not run.start():
        return False
    if run.recipe is not None and run.recipe.is_paused and recipe_rows.read(run.recipe):
        recipe_rows.resume(run.recipe)
    return True


def _queue(
    request: HttpRequest, run: Run, queue: Callable[[], bool], *, back: str = "run"
) -> HttpResponse:
    """Have the run queued and a worker told; say so where another one is at the playlist."""
    try:
        with transaction.atomic():
            if queue():
                tasks.nudge_on_commit(run)
    except IntegrityError:
        messages.error(request, _BUSY)
        return redirect(back, uuid=run.uuid)
    return redirect(run)


@never_cache
@login_required
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    page = Paginator(person(request).runs.shown(), _RUNS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "playlists/runs.html", {"page": page})


@never_cache
@login_required
@require_safe
def run_page(request: HttpRequest, uuid: str) -> HttpResponse:
    mine = person(request).runs.light().select_related("before", "after", "recipe")
    run = get_object_or_404(mine.defer(*_LONG_OF_RUN_PAGE), uuid=uuid)
    if run.state == Run.State.DRAFT:
        return redirect("put_preview", uuid=run.uuid)
    left_out = _left_out(run) if run.state == Run.State.DONE else []
    context = {
        "run": run,
        "left_out": versions.titled(left_out[:_SHOWN]),
        "left_out_count": len(left_out),
        "restored": restore.version_of(run),
        **_plan(run),
    }
    return render(request, "playlists/run.html", context)


def _plan(run: Run) -> dict[str, Any]:
    """Return what the run does or did, call by call."""
    report = run.report
    return {
        "report": report,
        "outline": outline.lines(report),
        "outline_more": outline.untold(report),
    }


@never_cache
@login_required
@require_safe
def run_json(request: HttpRequest, uuid: str) -> JsonResponse:
    run = get_object_or_404(person(request).runs.light(), uuid=uuid)
    return JsonResponse(
        {
            "state": run.state,
            "label": run.get_state_display(),
            "done": run.done,
            "total": run.total,
            "error": run.sentence,
            "code": run.code,
            "playlist_id": run.playlist_id,
            "resumes_at": run.not_before,
            "cancelling": run.is_cancelling,
        }
    )


@login_required
@require_POST
def retry(request: HttpRequest, uuid: str) -> HttpResponse:
    run = get_object_or_404(person(request).runs.light(), uuid=uuid)
    return _queue(request, run, run.retry)


@login_required
@require_POST
def approve(request: HttpRequest, uuid: str) -> HttpResponse:
    """Have a held run go on, as far as the page has said that it would go."""
    run = get_object_or_404(person(request).runs, uuid=uuid)
    return _queue(request, run, run.approve)


@login_required
@require_POST
def cancel(request: HttpRequest, uuid: str) -> HttpResponse:
    run = get_object_or_404(person(request).runs.light(), uuid=uuid)
    if not run.dismiss():
        run.ask_to_cancel()
    return redirect(run)


@login_required
@require_POST
def put_back(request: HttpRequest, uuid: str) -> HttpResponse:
    """Put back what the run left out because somebody took it out by hand."""
    done = get_object_or_404(person(request).runs, uuid=uuid, state=Run.State.DONE)
    chosen = _left_out(done)
    if not chosen:
        return redirect(done)
    run = Run.objects.create(
        user=done.user,
        account=done.account,
        kind=Run.Kind.PUT_BACK,
        mode=Run.Mode.INSERT,
        name=done.name,
        playlist_id=done.playlist_id,
        wanted=chosen,
        context=done.wanted,
        total=len(chosen),
    )
    return _queue(request, run, run.start)


def _left_out(run: Run) -> list[str]:
    """Return what the run left out and nobody has put back since."""
    left_out = run.report.get("left_out", ())
    return ledgers.still_out(run.playlist_id, left_out) if left_out else []
