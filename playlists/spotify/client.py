"""The Web API for one linked account: one call, one answer or one error; nothing is tried twice."""

from __future__ import annotations

from playlists.spotify.catalogue_calls import CatalogueCalls
from playlists.spotify.library_calls import LibraryCalls
from playlists.spotify.playlist_calls import PlaylistCalls


class SpotifyClient(PlaylistCalls, LibraryCalls, CatalogueCalls):
    """The calls that we make. ``token`` returns the access token in clear when one is due.

    ``can`` is what Spotify opens to the app: a call that it lacks raises ``NotInThisMode``, unsent.
    """
