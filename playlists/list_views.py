"""The pages of stored lists: which there are, what is in one, what it is called, and its end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.signed_in import person
from playlists import stored_lists, versions
from playlists.models import StoredList

_LISTS_A_PAGE = 50
_TRACKS_A_PAGE = 100


class NameForm(forms.Form):
    """What a list is called."""

    name = forms.CharField(label="Name", max_length=stored_lists.MOST_LETTERS)


@never_cache
@login_required
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    mine = person(request).stored_lists.light().prefetch_related("recipes")
    page = Paginator(mine.order_by("-pk"), _LISTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "playlists/stored_lists.html", {"page": page, **_bounds()})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def list_page(request: HttpRequest, uuid: str) -> HttpResponse:
    """Show what is in a list, and take another name for it."""
    stored = _stored(request, uuid)
    form = NameForm(request.POST or None, initial={"name": stored.name})
    if request.method == "POST" and form.is_valid():
        stored.name = form.cleaned_data["name"]
        stored.save(update_fields=["name"])
        messages.success(request, "The list has its new name.")
        return redirect(stored)
    page = Paginator(stored.uris, _TRACKS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "stored": stored,
        "form": form,
        "page": page,
        "tracks": versions.titled(list(page)),
        "recipes": stored.recipes.order_by("name"),
        **_bounds(),
    }
    return render(request, "playlists/stored_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, uuid: str) -> HttpResponse:
    stored = _stored(request, uuid)
    if request.method == "POST":
        try:
            stored_lists.delete(stored)
        except stored_lists.InUse:
            pass  # the page says which recipes name it
        else:
            messages.success(request, f"The list “{stored.name}” is deleted.")
            return redirect("stored_lists")
    context = {"stored": stored, "recipes": stored.recipes.order_by("name")}
    return render(request, "playlists/stored_list_delete.html", context)


def _bounds() -> dict[str, Any]:
    return {"days": settings.LIST_DAYS, "most": settings.LIST_COUNT}


def _stored(request: HttpRequest, uuid: str) -> StoredList:
    return get_object_or_404(person(request).stored_lists, uuid=uuid)
