"""What every page may know about the site itself: how much of it is a demo."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "demo": settings.DEMO,
        "demo_mail": settings.DEMO and settings.EMAIL_URL.startswith("file:"),
        "simulated": _simulated() if settings.DEMO else [],
    }


def _simulated() -> list[str]:
    """Name the providers whose pages come from this very machine."""
    pages = {"Spotify": settings.SPOTIFY_AUTHORIZE_URL, "Facebook": settings.FACEBOOK_DIALOG_URL}
    return [name for name, page in pages.items() if urlsplit(page).hostname == "127.0.0.1"]
