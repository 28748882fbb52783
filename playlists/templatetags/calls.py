"""What pages say of calls to Spotify: when they resume, and how many were made for a person."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from accounts.models import User
from playlists import budget, outcomes
from playlists.models import Pause
from spotsite import clock

register = template.Library()

_WORDS = {
    "playlist-read": "for reading playlists",
    "playlist-write": "for changing playlists",
    "library-read": "for reading what people saved",
    "library-write": "for changing what people saved",
    "listening": "for reading what people listen to",
    "search": "for searching",
    "catalogue": "for looking tracks up",
    "me": "for listing playlists",
}


@register.inclusion_tag("playlists/pause.html")
def pause_notice() -> dict[str, Any]:
    """Say when calls to Spotify resume, where they are paused."""
    pause = budget.longest_pause()
    if pause is None:
        return {}
    return {"sentence": _sentence(pause), "when": outcomes.when(pause.until, now=clock.now())}


@register.inclusion_tag("playlists/calls_made.html")
def calls_made(user: User) -> dict[str, Any]:
    """Say how many calls were made for the person within a day, and of how many."""
    return {"count": budget.spent(user.pk), "allowance": settings.SPOTIFY_CALLS_PER_PERSON}


def _sentence(pause: Pause) -> str:
    if pause.bucket == budget.ALL:
        return "Spotify asks this site to wait."
    return f"Spotify's quota for this site is used up {_WORDS.get(pause.bucket, '')}".rstrip() + "."
