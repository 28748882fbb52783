"""The pages of the time machine: what a playlist was, what changed, and having it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import AccountError
from accounts.signed_in import person
from playlists import outcomes, restore, titles, versions
from playlists.budget import Paused
from playlists.connection import Connection
from playlists.diff import Place, diff
from playlists.formats import FORMATS
from playlists.models import Run, Version, VersionQuerySet
from playlists.restore import NotConnected, NothingChosen
from playlists.spotify.errors import SpotifyError
from playlists.versions import Difference
from spotsite import clock

_PLAYLISTS_A_PAGE = 50
_VERSIONS_A_PAGE = 20  # each is compared with the one before it
_ITEMS_A_PAGE = 100  # on a phone each is a card
_DIGITS = 9  # more than any position has
_NOT_CONNECTED = "The Spotify account of this playlist is not connected now. Reconnect it first."
_NOTHING_CHOSEN = "Choose at least one item that can be put back."
_CHANGES = ("added", "removed", "moved", "redated")


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in the timeline, and what changed against the one before it, where there is one."""

    version: Version
    before: Version | None

    @property
    def difference(self) -> Difference | None:
        if self.before is None:
            return None
        return versions.difference(self.before.uris, self.version.uris)

    @property
    def is_in_another_order(self) -> bool:
        return self.before is not None and self.before.uris != self.version.uris


@never_cache
@login_required
@require_safe
def playlists(request: HttpRequest) -> HttpResponse:
    """List the playlists of which versions are kept, the one that was changed last first."""
    mine = _mine(request).order_by().values("playlist_id")
    kept = mine.annotate(count=Count("pk"), newest=Max("taken_at"), last=Max("pk"))
    page = Paginator(kept.order_by("-last"), _PLAYLISTS_A_PAGE).get_page(request.GET.get("page"))
    names = restore.names_of(person(request), [row["playlist_id"] for row in page])
    rows = [{**row, "name": names.get(row["playlist_id"], row["playlist_id"])} for row in page]
    return render(request, "playlists/playlists.html", {"page": page, "rows": rows})


@never_cache
@login_required
@require_safe
def timeline(request: HttpRequest, playlist_id: str) -> HttpResponse:
    mine = _mine(request).filter(playlist_id=playlist_id)
    page = Paginator(mine.order_by("-pk").values("pk"), _VERSIONS_A_PAGE).get_page(
        request.GET.get("page")
    )
    if not page.paginator.count:
        raise Http404
    context = {
        "name": restore.name_of(person(request), playlist_id),
        "page": page,
        "formats": FORMATS.values(),
        "entries": _entries(mine, page),
        "playlist_id": playlist_id,
        "spotify_url": f"https://open.spotify.com/playlist/{playlist_id}",
        **_retention(),
    }
    return render(request, "playlists/versions.html", context)


def _entries(mine: VersionQuerySet, page: Page[Any]) -> list[Entry]:
    """Return those of the page, each with the one before; the last one's is on the next page."""
    first = page.start_index() - 1
    rows = mine.select_related("run").defer(*(f"run__{name}" for name in Run.LONG))
    shown = list(rows.order_by("-pk")[first : first + _VERSIONS_A_PAGE + 1])
    pairs = zip(shown, [*shown[1:], None], strict=True)
    return [Entry(*pair) for pair in pairs][:_VERSIONS_A_PAGE]


@never_cache
@login_required
@require_safe
def version_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was in the list, or of that only what the playlist lacks since."""
    version = _version(request, pk)
    newest = _newest(version)
    gone = restore.missing(version, newest)
    only_missing = "missing" in request.GET
    places = gone if only_missing else _places(version)
    page = Paginator(places, _ITEMS_A_PAGE).get_page(request.GET.get("page"))
    lines = titles.lines(list(page))
    context = {
        "version": version,
        "newest": newest,
        "formats": FORMATS.values(),
        "name": restore.name_of(person(request), version.playlist_id),
        "only_missing": only_missing,
        "missing": len(gone),
        "lost": restore.lost(gone),
        "page": page,
        "lines": lines,
        "unknown": len(titles.unknown(lines)),
        "most": titles.MOST,
        "spotify_url": f"https://open.spotify.com/playlist/{version.playlist_id}",
        **_retention(),
    }
    return render(request, "playlists/version.html", context)


@never_cache
@login_required
@require_safe
def diff_page(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Show how one version became the other, one kind of change at a time."""
    old = _version(request, pk)
    new = get_object_or_404(_mine(request), pk=other, playlist_id=old.playlist_id)
    told = diff(old.items, new.items)
    counts = {name: len(getattr(told, name)) for name in _CHANGES}
    chosen = request.GET.get("show", "")
    if chosen not in counts:
        chosen = next((name for name in _CHANGES if counts[name]), "added")
    page = Paginator(getattr(told, chosen), _ITEMS_A_PAGE).get_page(request.GET.get("page"))
    is_pair = chosen in {"moved", "redated"}
    lines = titles.lines([one.after if is_pair else one for one in page])
    context = {
        "old": old,
        "new": new,
        "name": restore.name_of(person(request), old.playlist_id),
        "counts": counts,
        "kept": len(told.kept),
        "chosen": chosen,
        "page": page,
        "changes": list(zip(page, lines, strict=True)),
    }
    return render(request, "playlists/version_diff.html", context)


@login_required
@require_POST
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    return _pinned(request, pk, on=True)


@login_required
@require_POST
def unpin(request: HttpRequest, pk: int) -> HttpResponse:
    return _pinned(request, pk, on=False)


def _pinned(request: HttpRequest, pk: int, *, on: bool) -> HttpResponse:
    version = get_object_or_404(_mine(request).light(), pk=pk)
    version.pin(on=on)
    return redirect(version)


@login_required
@require_POST
def restore_whole(request: HttpRequest, pk: int) -> HttpResponse:
    version = _version(request, pk)
    try:
        draft = restore.whole(version, person(request))
    except NotConnected:
        messages.error(request, _NOT_CONNECTED)
        return redirect(version)
    return redirect("put_preview", uuid=draft.uuid)


@login_required
@require_POST
def restore_some(request: HttpRequest, pk: int) -> HttpResponse:
    """Put back the items that were chosen, or all that the playlist lacks."""
    version = _version(request, pk)
    try:
        draft = restore.some(version, person(request), _positions(request, version))
    except NotConnected:
        messages.error(request, _NOT_CONNECTED)
        return redirect(version)
    except NothingChosen:
        messages.error(request, _NOTHING_CHOSEN)
        return _back(request, version)
    return redirect("put_preview", uuid=draft.uuid)


def _positions(request: HttpRequest, version: Version) -> Sequence[int]:
    if "all_missing" in request.POST:
        return [place.position for place in restore.missing(version, _newest(version))]
    chosen = request.POST.getlist("item")
    return [int(value) for value in chosen if value.isdecimal() and len(value) < _DIGITS]


@login_required
@require_POST
def look_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask Spotify for the titles that a page lacks: a call each, and the person saw how many."""
    version = _version(request, pk)
    missing = "missing" in request.POST
    places = restore.missing(version, _newest(version)) if missing else _places(version)
    page = Paginator(places, _ITEMS_A_PAGE).get_page(request.POST.get("page"))
    wanted = titles.unknown(titles.lines(list(page)))
    try:
        titles.look_up(Connection(restore.credential_of(version)), wanted)
    except NotConnected:
        messages.error(request, _NOT_CONNECTED)
    except (SpotifyError, AccountError, Paused) as exc:
        messages.error(request, outcomes.for_page(exc, now=clock.now()))
    return _back(request, version)


def _back(request: HttpRequest, version: Version) -> HttpResponse:
    """Return to the page of the version that was being looked at."""
    wish = {name: request.POST[name] for name in ("missing", "page") if name in request.POST}
    return redirect(f"{version.get_absolute_url()}?{urlencode(wish)}")


def _mine(request: HttpRequest) -> VersionQuerySet:
    return Version.objects.filter(account__user=person(request))


def _version(request: HttpRequest, pk: int) -> Version:
    return get_object_or_404(_mine(request), pk=pk)


def _newest(version: Version) -> Version:
    newest = Version.objects.newest(version.account_id, version.playlist_id)
    return version if newest is None or newest.pk == version.pk else newest


def _places(version: Version) -> list[Place]:
    return [Place(index, item) for index, item in enumerate(version.items)]


def _retention() -> dict[str, int]:
    return {"days": settings.VERSION_DAYS, "count": settings.VERSION_COUNT}
