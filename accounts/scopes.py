"""What we may ask a provider for, each right in words that a person understands.

Every Spotify sign-in asks for ``BASE``: the least with which a list can be put into a playlist.
What only a later feature needs is asked for when somebody wants that feature. A right that is
missing switches a feature off, never the sign-in.
"""

from __future__ import annotations

from collections.abc import Iterable

SPOTIFY = {
    "playlist-read-private": "See your private playlists",
    "playlist-read-collaborative": "See the playlists that you make together with others",
    "playlist-modify-private": "Change your private playlists",
    "playlist-modify-public": "Change your public playlists",
    "user-library-read": "See your liked songs and albums",
    "user-library-modify": "Change your liked songs and albums",
    "user-top-read": "See what you play most",
    "user-read-recently-played": "See what you played last",
    "ugc-image-upload": "Put covers on your playlists",
}
FACEBOOK = {"public_profile": "See your name"}

BASE = (
    "playlist-read-private",
    "playlist-read-collaborative",
    "playlist-modify-private",
    "playlist-modify-public",
)
# What a person may give besides, for a feature that they want.
EXTRAS = {
    "library": ("user-library-read",),
    "listening": ("user-top-read", "user-read-recently-played"),
}
FACEBOOK_BASE = ("public_profile",)
ASKED = "asked_scope"
"""In the state of a flow: what the person was asked for."""

_WORDS = SPOTIFY | FACEBOOK


def to_ask(stored: Iterable[str], extras: Iterable[str] = ()) -> list[str]:
    """Return what a new consent asks for: never less than there is, and what is wanted besides."""
    wanted = [*BASE, *stored, *(scope for name in extras for scope in EXTRAS.get(name, ()))]
    return list(dict.fromkeys(wanted))


def in_words(scopes: Iterable[str]) -> list[str]:
    """Return the sentences for ``scopes``; one that we have no words for speaks for itself."""
    return [_WORDS.get(scope, scope) for scope in scopes]
