"""The Web API of Spotify as late 2026 has it: plain Python, one call, one answer or one error."""

from __future__ import annotations

from playlists.spotify.client import SpotifyClient
from playlists.spotify.transport import Answer, Send
from playlists.spotify.values import Item, Page, Playlist, Profile

__all__ = ["Answer", "Item", "Page", "Playlist", "Profile", "Send", "SpotifyClient"]
