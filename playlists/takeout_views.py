"""The pages on which lists are taken out, as one file or all together."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.signed_in import person
from playlists import restore, takeout
from playlists.formats import FORMATS
from playlists.models import Version, VersionQuerySet
from spotsite import clock


@never_cache
@login_required
@require_safe
def version_file(request: HttpRequest, pk: int, key: str) -> HttpResponseBase:
    return _sent(request, get_object_or_404(_mine(request), pk=pk), key)


@never_cache
@login_required
@require_safe
def playlist_file(request: HttpRequest, playlist_id: str, key: str) -> HttpResponseBase:
    """Send the newest version that is stored of a playlist."""
    newest = _mine(request).filter(playlist_id=playlist_id).order_by("-pk").first()
    if newest is None:
        raise Http404
    return _sent(request, newest, key)


@never_cache
@login_required
@require_safe
def everything(request: HttpRequest) -> HttpResponseBase:
    """Offer all lists as one ZIP; send it where the formats are chosen."""
    chosen = [key for key in FORMATS if key in request.GET.getlist("format")]
    if not chosen:
        lists = _mine(request).order_by().values("playlist_id").distinct().count()
        context = {"formats": FORMATS.values(), "lists": lists, "asked": "go" in request.GET}
        return render(request, "playlists/takeout.html", context)
    now = clock.now()
    blocks = takeout.everything(person(request), chosen, at=now)
    answer = StreamingHttpResponse(blocks, content_type="application/zip")
    return _named(answer, f"spotsite-playlists-{now:%Y-%m-%d}.zip")


def _sent(request: HttpRequest, version: Version, key: str) -> HttpResponseBase:
    if key not in FORMATS:
        raise Http404
    name = restore.name_of(person(request), version.playlist_id)
    file = takeout.of_version(version, key, name=name)
    answer = StreamingHttpResponse(file.blocks, content_type=file.content_type)
    return _named(answer, file.name)


def _named(answer: StreamingHttpResponse, name: str) -> HttpResponseBase:
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer


def _mine(request: HttpRequest) -> VersionQuerySet:
    return Version.objects.filter(account__user=person(request))
