"""Where a person goes on after a detour: the page of this site that they came from."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.urls import reverse


def asked(request: HttpRequest) -> str:
    """Return the ``next`` of a form or an address, if it is a path of this site; else nothing."""
    path = request.POST.get("next") or request.GET.get("next") or ""
    return path if path and get_adapter().is_safe_url(path) else ""


def after(request: HttpRequest) -> str:
    """Return where to go on: what was asked, or the page of the linked accounts."""
    return asked(request) or reverse("connections")
